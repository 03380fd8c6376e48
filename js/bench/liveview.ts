/** LiveView's client, with a socket that ends in this file: it gets the messages that its server would send. */
import { Socket } from "phoenix";
import { LiveSocket } from "phoenix_live_view";
import { HEAD, ROW, type Row, type Rows, TAIL, valuesOf } from "./table";

type Entry = Record<string, string> | number;
type Keyed = Record<string, Entry | boolean>;

/** As the page: three statics around two dynamics of a root, the second a keyed comprehension. */
const entry = (row: Row): Record<string, string> => ({ ...valuesOf(row) });

const keyed = (rows: Rows): Keyed => ({ ...rows.map(entry), kc: rows.length });

/** What changed from one list to the other: per place an entry, where it was before, or parts of it. */
function difference(before: Rows, after: Rows): Keyed {
  const places = new Map(before.map(({ key }, i) => [key, i]));
  const entries: Keyed = { kc: after.length };
  after.forEach((row, i) => {
    const old = places.get(row.key);
    if (old === undefined) entries[i] = entry(row);
    else if (old !== i) {
      entries[i] = old;
      entries.km = true;
    } else if (before[old] !== row) {
      const [was, is] = [entry(before[old]!), entry(row)];
      entries[i] = Object.fromEntries(Object.entries(is).filter(([part, value]) => was[part] !== value));
    }
  });
  return entries;
}

const version = new LiveSocket("/", Socket).version();
let page = 0;

export function liveView(place: HTMLElement) {
  let deliver: (event: string, payload: unknown) => void;
  let socket: { disconnect(): void } | undefined;

  /** A WebSocket to nowhere: answers the join with the whole page. */
  class Wire {
    readyState = 0;
    onopen?: () => void;
    onmessage?: (event: { data: string }) => void;
    constructor(private readonly rows: () => unknown) {
      setTimeout(() => {
        this.readyState = 1;
        this.onopen?.();
      });
    }
    send(text: string): void {
      const [join, ref, topic, event] = JSON.parse(text);
      if (event !== "phx_join") return;
      deliver = (name, payload) =>
        this.onmessage?.({ data: JSON.stringify([join, null, topic, name, payload]) });
      const response = { rendered: this.rows(), liveview_version: version };
      const reply = [join, ref, topic, "phx_reply", { status: "ok", response }];
      setTimeout(() => this.onmessage?.({ data: JSON.stringify(reply) }));
    }
    close(): void {}
  }

  return {
    async show(rows: Rows): Promise<void> {
      socket?.disconnect();
      place.innerHTML = `<div id="phx-${++page}" data-phx-main data-phx-session="s" data-phx-static="s"></div>`;
      const rendered = () => ({
        0: { s: ROW.map((part, i) => (i === ROW.length - 1 ? `${part}\n` : part)), k: keyed(rows) },
        s: [`<section>${HEAD}<tbody>`, `</tbody>${TAIL}</section>`],
      });
      const transport = class extends Wire {
        constructor() {
          super(rendered);
        }
      };
      const live = new LiveSocket("/live", Socket, { transport, params: { _csrf_token: "t" } });
      socket = live;
      live.connect();
      while (place.querySelectorAll("tbody tr").length !== rows.length)
        await new Promise(resolve => setTimeout(resolve));
    },

    change(before: Rows, after: Rows): () => void {
      const diff = { 0: { k: difference(before, after) } };
      return () => deliver("diff", diff);
    },
  };
}
