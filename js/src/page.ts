/** The page: what comes from the server is brought into the DOM here, in order, and each thing once. */

import { componentIn, rootOf } from "./address";
import { announce, announceError, report, texts } from "./announce";
import * as bindings from "./bindings";
import * as carried from "./carried";
import * as connection from "./connection";
import { ACK_DELAY, ACK_EVERY, CloseCode, DOUBT, PROTOCOL_VERSION, TOKEN } from "./constants";
import { carryOut } from "./effects";
import { protect, refuse } from "./forms";
import { here, tell } from "./installed";
import * as lazy from "./lazy";
import * as listen from "./listen";
import type { LiveError } from "./livecomp";
import * as place from "./location";
import { getAttribute } from "./native";
import type { Entry } from "./outbox";
import * as outbox from "./outbox";
import { applyPatches } from "./patch";
import type { Actions, Effect, Failure, Patch, ServerMessage, ServerMessages, Table } from "./protocol";
import { all } from "./query";
import * as recovery from "./recover";
import { reload } from "./reload";

let id = "";
let acknowledged = 0;
let ackTimer: ReturnType<typeof setTimeout> | undefined;
/** Components ("": the page) that the server was asked to send again. */
const asked = new Set<string>();
/** Versions of the shared components, and ("") of all else. */
const versions = new Map<string, number>();

const version = () => versions.get("")!;

/** Connects the live components of this page to the server at `url`. */
export function start(url: string): void {
  listen.start();
  bindings.start();
  place.start();
  recovery.start();
  listen.on(document, "input", () => tell("reflect"));
  carried.ask();
  listen.on(window, "pagehide", () => carried.keep(id));
  connection.start(url, join, received, closed);
}

export function stop(): void {
  connection.stop();
  listen.stop();
}

function join(): void {
  const tokens = all(`[${TOKEN}]`).map(root => getAttribute(root, TOKEN)!);
  const resume: [string, number] | null = id ? [id, recovery.isBehind() ? 0 : version()] : null;
  connection.send(["join", PROTOCOL_VERSION, tokens, resume, place.here(), outbox.heard(), outbox.sent]);
}

const actions = {
  __proto__: null,
  joined,
  patch: (next: number, ack: number, patches: Patch[], effects?: Effect[]) =>
    render("", next, ack, patches, effects),
  shared: (component: string, next: number, patches: Patch[], whole?: boolean) =>
    render(component, next, 0, patches, [], whole),
  ack: (ack: number, effects?: Effect[]) => void settle(upTo(ack), [], effects),
  error: refused,
} satisfies Actions<Omit<ServerMessages, "pong">>;

function received([type, ...fields]: ServerMessage): void {
  const act = () => (actions as Table)[type]?.(...fields);
  const motion = here("motion");
  if (motion) motion.show(fields[2] as Patch[] | undefined, act);
  else act();
}

/**
 * The page goes on where it was, or, in doubt, nearly there: the user is told when it was further than it is now.
 * What is not done is sent again. The server tells what has failed, and refuses what it may have begun before.
 */
function joined(
  page: string,
  rendered: number,
  ack: number,
  patches: Patch[],
  effects: Effect[] = [],
  failed: Failure[] = [],
): void {
  const isFirst = !id;
  const doubt: unknown[] | undefined = effects.find(([kind]) => kind === "doubt");
  id = page;
  acknowledged = rendered;
  asked.clear();
  versions.clear();
  versions.set("", rendered);
  for (const [, ref, ...answer] of failed) if (outbox.isWaiting(ref)) refused(ref, ...answer);
  const release = doubt && recovery.keepEntered();
  settle(upTo(ack), patches, effects);
  release?.();
  if (doubt?.[1]) report(DOUBT);
  if (isFirst || doubt) recovery.recover();
  outbox.resume();
  lazy.retry();
  tell("reflect");
  if (!isFirst) tell("reconnected");
  announce(isFirst ? "connected" : "reconnected", { page });
}

/**
 * A render older than the DOM is dropped; where one is missing, the component ("": the page) is asked for. The whole of
 * a shared component is where its versions begin.
 */
function render(
  component: string,
  next: number,
  ack: number,
  patches: Patch[],
  effects?: Effect[],
  whole?: boolean,
): void {
  const known = versions.get(component)!;
  if (!whole && next <= known) return;
  versions.set(component, next);
  const isNext = whole || next === known + 1;
  if (!isNext) ask(component);
  settle(upTo(ack), isNext ? patches : [], effects);
  if (version() - acknowledged >= ACK_EVERY) acknowledge();
  else ackTimer ??= setTimeout(acknowledge, ACK_DELAY);
}

function acknowledge(): void {
  clearTimeout(ackTimer);
  ackTimer = undefined;
  acknowledged = version();
  connection.send(["ack", acknowledged]);
}

/**
 * The error is dispatched at the field that it is about. Not told in words: that a value does not fit yet, while it is
 * typed; that what was clicked is gone, as everybody sees.
 */
function refused(ref: number, code: string, message: string, component?: string, field?: string): void {
  const error = { code, message, component, field } as LiveError;
  const [entry] = settle(({ numbered }) => numbered[1] === ref, [], [], error);
  const from = (field && refuse(component, field)) || rootOf(component);
  const isSeen = entry && (code === "gone" || (code === "bad_arguments" && entry.numbered[0] === "set"));
  const isCarried = code === DOUBT.code && !!entry?.numbered[6];
  if (isSeen || (isCarried && !carried.isTold)) announceError(error, from);
  else report(error, from);
}

const upTo =
  (ack: number) =>
  ({ numbered }: Entry): boolean =>
    numbered[1] <= ack;

/** One turn: the events that are done, the patches, then what follows from both. All of it before the next paint. */
function settle(
  isDone: (entry: Entry) => boolean,
  patches: Patch[],
  effects: Effect[] = [],
  error?: LiveError,
): Entry[] {
  const news = { version: version(), patches };
  if (patches[0]) announce("before-patch", news);
  const settled = outbox.settle(isDone, () => {
    const restore = protect();
    const ready = patches.filter(patch => !recovery.isHeldBack(patch));
    if (ready[0]) apply(ready);
    restore();
  });
  for (const { done } of settled) done?.(error);
  recovery.catchUp();
  tell("reflect");
  if (patches[0]) announce("patched", news);
  carryOut(effects);
  return settled;
}

function apply(patches: Patch[]): void {
  const changed = new Set<Element>();
  const added: Element[] = [];
  const scrollBack = here("motion")?.rememberScroll();
  const missing = applyPatches(document, patches, {
    added: element => void added.push(element),
    updated: element => void changed.add(element),
  });
  scrollBack?.();
  if (!missing[0]) asked.clear();
  const news = [...changed, ...added];
  if (patches.some(([, html]) => bindings.mayHaveNews(html))) bindings.listen(news);
  tell("patched", [...changed], added);
  for (const [address] of missing) {
    tell("logged", "missing", address);
    ask(componentIn(address));
  }
}

/** A target was not there: its component is asked for, when that is gone the page, and when that does not help, a reload. */
function ask(component: string): void {
  const what = rootOf(component) ? component : "";
  if (what !== component && asked.has("")) reload();
  else if (!asked.has(what)) connection.send(["render", what]);
  asked.add(what);
}

function closed(code: number, isFinal: boolean): void {
  const culprit = code % 1000 === CloseCode.INTERNAL % 1000 && outbox.blame();
  if (culprit) refused(culprit, "failed", texts.broken ?? "Something went wrong.");
  if (outbox.isOnline) tell("disconnected");
  outbox.pause();
  tell("reflect");
  announce("disconnected", { code, final: isFinal });
  if (code === CloseCode.SIGNED_OUT || code === CloseCode.VERSION_CHANGED) reload();
  else if (isFinal) report({ code: "closed", message: `Connection closed (${code}). Please reload.` });
}
