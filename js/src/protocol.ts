/** The wire. The same two tables, in the same order, stand in src/livecomp/protocol.py; a test compares them. */

export type Values = Record<string, unknown>;
/** A field of a form. Without a value it only says that its name is that of a choice of several. */
export type Entry = [name: string, value: string | null];
export type Patch = [address: string, html: string];

type Answer = [ref: number, code: string, message: string, component?: string, field?: string];
/** An event that did not succeed, and what it was answered with. */
export type Failure = ["error", ...Answer];

export interface ClientMessages {
  join: [
    protocol: number,
    tokens: string[],
    resume: [page_id: string, version: number] | null,
    path: string,
    heard: number,
    sent: number,
  ];
  event: [
    ref: number,
    component: string,
    name: string,
    args: Values,
    offered?: Values | Entry[],
    key?: string,
  ];
  set: [ref: number, component: string, values: Values];
  url: [ref: number, path: string];
  ack: [version: number];
  render: [component: string];
  ping: [];
}

export interface ServerMessages {
  joined: [
    page_id: string,
    version: number,
    ack: number,
    patches: Patch[],
    effects?: Effect[],
    failed?: Failure[],
  ];
  patch: [version: number, ack: number, patches: Patch[], effects?: Effect[]];
  shared: [component: string, version: number, patches: Patch[], whole?: boolean];
  ack: [ack: number, effects?: Effect[]];
  error: Answer;
  pong: [];
}

export interface Effects {
  push: [name: string, payload: unknown, component: string];
  redirect: [url: string];
  navigate: [url: string];
  url: [how: "push" | "replace", url: string];
  title: [title: string];
  reload: [];
  flash: [level: string, text: string];
  doubt: [is_older: boolean];
}

/** What to do for each tag. Without a prototype, so that no other name finds anything. */
export type Actions<Tags> = { __proto__: null } & {
  [Tag in keyof Tags]: (...fields: Extract<Tags[Tag], unknown[]>) => void;
};
// biome-ignore lint/suspicious/noExplicitAny: the fields are those of the tag
export type Table = Record<string, ((...fields: any[]) => void) | null | undefined>;

type Tagged<Table> = { [Type in keyof Table]: [Type, ...Extract<Table[Type], unknown[]>] }[keyof Table];
export type ClientMessage = Tagged<ClientMessages>;
export type ServerMessage = Tagged<ServerMessages>;
export type Effect = Tagged<Effects>;

/** Names that could reach a prototype. */
export const UNSAFE = /^(__proto__|constructor|prototype)$/;

/** The messages of a frame: one message, or a list of them. */
export function decode(frame: string): ServerMessage[] {
  const data = JSON.parse(frame, (key, value) => (UNSAFE.test(key) ? undefined : value));
  return typeof data[0] === "string" ? [data] : data;
}
