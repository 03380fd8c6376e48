/** The client of livecomp. `{% live_scripts %}` loads and starts it; this is for your own JavaScript. */

/** What the server answered instead of doing what was asked. */
export interface LiveError {
  /** For example `unknown_event`, `bad_arguments`, `forbidden`, `rate_limited`, `failed`, `doubt`. */
  code: string;
  /** For developers. */
  message: string;
  /** What a visitor reads of it, in the page's language. */
  text?: string;
  /** The id of the component that it is about. */
  component?: string;
  /** The name of the field or argument that it is about. */
  field?: string;
}

/** What a hook may define. `this` is a {@link Hook}, of its own for each element. */
export interface HookDefinition {
  /** The element is in the page. */
  mounted?(): void;
  /** A patch changed the element or something in it. Once per patch. */
  updated?(): void;
  /** The element has left the page. */
  destroyed?(): void;
  disconnected?(): void;
  reconnected?(): void;
}

export interface Hook {
  el: HTMLElement;
  /** Calls an event of the component that the element is in. See {@link pushEvent}. */
  pushEvent(name: string, args?: Record<string, unknown>): Promise<LiveError | undefined>;
  /** Listens to events that the component, or one around the element, pushes with `push_event`. */
  // biome-ignore lint/suspicious/noExplicitAny: the payload is what the server sent
  handleEvent(name: string, callback: (payload: any) => void): void;
}

export interface MorphOptions {
  /** Called with the root of each new subtree. */
  added?(element: Element): void;
  /** Called with each element whose attributes or direct children changed. */
  updated?(element: Element): void;
}

/**
 * Connects the page's components to a WebSocket URL. The script tag does it by itself.
 * Returns a function that ends the connection; the page stays as it is.
 */
export function connect(url: string): () => void;

/** Defines hooks for `live-hook`, by name. Elements that are there already are mounted at once. */
export function hooks(
  // biome-ignore lint/suspicious/noExplicitAny: a hook has whatever properties it gives itself
  definitions: Record<string, HookDefinition & Record<string, any> & ThisType<Hook & Record<string, any>>>,
): void;

/**
 * Calls an event of the component that `target` (an element or a selector) is in.
 * Resolves once the server is done: with nothing, or with what it answered instead.
 */
export function pushEvent(
  target: Element | string,
  name: string,
  args?: Record<string, unknown>,
): Promise<LiveError | undefined>;

/** Makes an element of the page like another one, with the fewest changes. Returns the element now in the page. */
export function morph(from: Element, to: Element, options?: MorphOptions): Element;

/** Holds every message of the server back for so many milliseconds; 0 ends it. */
export function latency(ms: number): void;

/** Logs each message to the console and flashes what each patch changes; `false` ends it. */
export function debug(enabled?: boolean): void;

declare global {
  interface Window {
    livecomp: {
      connect: typeof connect;
      hooks: typeof hooks;
      pushEvent: typeof pushEvent;
      morph: typeof morph;
      latency: typeof latency;
      debug: typeof debug;
    };
  }
}
