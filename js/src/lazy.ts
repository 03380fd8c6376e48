/** Extras: modules of the client that few pages need. One is loaded when a page first uses it. */

import { report } from "./announce";
import { SCRIPT } from "./constants";
import { find } from "./query";

interface Extra<Client> {
  /** Gives it what it uses of the client, before anything else. */
  install(client: Client): void;
}

/** The names of the extras -> their URLs, as the server says. */
const urls: Record<string, string> = JSON.parse(find(SCRIPT)?.dataset.livecompExtras ?? "{}");

/**
 * Gives a function that does something with an extra: at once if it is here, else as soon as it is loaded. Without an
 * act it only loads it. `failed` is called when it cannot be loaded.
 */
export function lazy<Client, E extends Extra<Client>>(name: string, client: Client) {
  let extra: E | undefined;
  let loading: Promise<unknown> | undefined;

  async function load(): Promise<void> {
    try {
      const loaded: E = await import(urls[name] ?? new URL(`extras/${name}.js`, import.meta.url).href);
      loaded.install(client);
      extra = loaded;
    } catch (error) {
      loading = undefined; // the next use tries again
      report({ code: "extra", message: `${name}: ${error}` });
    }
  }

  return (act?: (extra: E) => void, failed?: () => void): void => {
    if (extra) act?.(extra);
    else (loading ??= load()).then(() => (extra ? act?.(extra) : failed?.()));
  };
}
