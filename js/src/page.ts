/** The page: what comes from the server is brought into the DOM here, in order, and each thing once. */

import { componentIn, rootOf } from "./address";
import { announce, report } from "./announce";
import * as bindings from "./bindings";
import * as connection from "./connection";
import { ACK_DELAY, ACK_EVERY, CloseCode, PROTOCOL_VERSION, TOKEN } from "./constants";
import { flash } from "./debug";
import { carryOut } from "./effects";
import { protect, recover } from "./forms";
import * as hooks from "./hooks";
import type { LiveError } from "./livecomp";
import * as place from "./location";
import * as outbox from "./outbox";
import { applyPatches } from "./patch";
import type { Effect, Patch, ServerMessage } from "./protocol";
import { reload } from "./reload";
import * as states from "./states";
import { watch } from "./triggers";

const NOTICED = ["hook", "init", "poll", "intersect", "offline", "cloak", "dirty", "current"]
  .map(name => `[live-${name}]`)
  .join();
const DOUBT: LiveError = {
  code: "doubt",
  message: "The connection broke at a bad moment: it is not known whether the last action was carried out.",
};

let id = "";
let version = 0;
let acknowledged = 0;
let ackTimer: ReturnType<typeof setTimeout> | 0 = 0;
let isLost = false;
/** Components ("": the page) that the server was asked to send again. */
const asked = new Set<string>();

/** Connects the live components of this page to the server at `url`. */
export function start(url: string): void {
  bindings.start();
  place.start();
  recover();
  document.querySelectorAll(NOTICED).forEach(notice);
  document.addEventListener("input", states.reflect);
  connection.start(url, { opened: join, received, closed });
}

export function stop(): void {
  connection.stop();
  document.removeEventListener("input", states.reflect);
  place.stop();
  bindings.stop();
}

function join(): void {
  const tokens = Array.from(document.querySelectorAll(`[${TOKEN}]`), root => root.getAttribute(TOKEN)!);
  connection.send(["join", PROTOCOL_VERSION, tokens, id ? [id, version] : null, place.here()]);
}

function received(message: ServerMessage): void {
  if (message[0] === "joined") joined(...(message.slice(1) as Fields<"joined">));
  else if (message[0] === "patch") patched(...(message.slice(1) as Fields<"patch">));
  else if (message[0] === "ack") settle(upTo(message[1]), [], message[2]);
  else if (message[0] === "error") refused(...(message.slice(1) as Fields<"error">));
}

type Fields<Type> = Extract<ServerMessage, [Type, ...unknown[]]> extends [Type, ...infer Rest] ? Rest : never;

/** What was on its way to a page that is gone may have happened or not: it is not sent again, and the user is told. */
function joined(page: string, rendered: number, ack: number, patches: Patch[], effects?: Effect[]): void {
  const isFirst = !id;
  const isNew = isFirst || effects?.some(([kind]) => kind === "doubt");
  id = page;
  version = acknowledged = rendered;
  asked.clear();
  settle(upTo(ack), patches, effects);
  if (isNew) {
    const doubtful = outbox.take(entry => entry.sent && entry.message[0] === "event");
    for (const { busy, done } of doubtful) {
      busy?.off();
      done?.(DOUBT);
    }
    if (doubtful.length) report(DOUBT);
    recover();
  }
  outbox.resume();
  states.connected(true);
  if (isLost) hooks.tellAll("reconnected");
  isLost = false;
  announce(isFirst ? "connected" : "reconnected", { page });
}

/** A render older than the DOM is dropped; where one is missing, the whole page is asked for. */
function patched(next: number, ack: number, patches: Patch[], effects?: Effect[]): void {
  if (next <= version) return;
  const isGap = next > version + 1;
  version = next;
  if (isGap) ask("");
  settle(upTo(ack), isGap ? [] : patches, effects);
  acknowledge();
}

function acknowledge(): void {
  if (version - acknowledged >= ACK_EVERY) sendAck();
  else ackTimer ||= setTimeout(sendAck, ACK_DELAY);
}

function sendAck(): void {
  clearTimeout(ackTimer);
  ackTimer = 0;
  acknowledged = version;
  connection.send(["ack", version]);
}

function refused(ref: number, code: string, message: string, component?: string): void {
  const error: LiveError = { code, message, ...(component && { component }) };
  const isTyping = settle(number => number === ref, [], [], error).some(
    ({ message: [type] }) => type === "set",
  );
  if (isTyping) announce("error", error, component ? rootOf(component) : null);
  else report(error, component ? rootOf(component) : null);
}

const upTo = (ack: number) => (ref: number) => ref <= ack;

/** One turn: the events that are done, the patches, then what follows from both. All of it before the next paint. */
function settle(
  isDone: (ref: number) => boolean,
  patches: Patch[],
  effects: Effect[] = [],
  error?: LiveError,
) {
  const settled = outbox.take(({ message }) => isDone(message[1]));
  if (patches.length) announce("before-patch", { version, addresses: patches.map(([address]) => address) });
  for (const { busy } of [...outbox.waiting(), ...settled].reverse()) busy?.off();
  const restore = protect(isDone);
  apply(patches);
  restore();
  for (const { busy } of outbox.waiting()) busy?.on();
  for (const { done } of settled) done?.(error);
  states.reflect();
  if (patches.length) announce("patched", { version, addresses: patches.map(([address]) => address) });
  effects.forEach(carryOut);
  return settled;
}

function apply(patches: Patch[]): void {
  if (!patches.length) return;
  const changed = new Set<Element>();
  const added = new Set<Element>();
  const missing = applyPatches(document, patches, {
    added: element => added.add(element),
    updated: element => changed.add(element),
  });
  for (const [address, html] of patches) {
    bindings.listen(html);
    if (!missing.includes(address)) asked.delete(address.replace(/\.0$/, ""));
  }
  hooks.patched(changed);
  for (const element of [...changed, ...added]) if (element.matches(NOTICED)) notice(element);
  for (const element of added) element.querySelectorAll(NOTICED).forEach(notice);
  flash([...changed, ...added]);
  for (const address of missing) ask(componentIn(address));
}

function notice(element: Element): void {
  hooks.mount(element);
  watch(element);
  states.add(element);
}

/** A target was not there: its component is asked for, when that is gone the page, and when that does not help, a reload. */
function ask(component: string): void {
  const what = component && rootOf(component) ? component : "";
  if (what !== component && asked.has("")) reload();
  else if (!asked.has(what)) connection.send(["render", what]);
  asked.add(what);
}

function closed(code: number, isFinal: boolean): void {
  outbox.pause();
  clearTimeout(ackTimer);
  ackTimer = 0;
  states.connected(false);
  if (id && !isLost) hooks.tellAll("disconnected");
  isLost ||= !!id;
  announce("disconnected", { code, final: isFinal });
  if (code === CloseCode.SIGNED_OUT || code === CloseCode.VERSION_CHANGED) reload();
  else if (isFinal)
    report({
      code: "closed",
      message: `The server ended the connection (${code}). Reload the page to go on.`,
    });
}
