/** The socket: opened, kept alive, given up when it is dead, and opened again. It knows frames, not pages. */

import {
  CloseCode,
  DEAD_AFTER,
  FIRST_RETRY,
  HEARTBEAT,
  LAST_RETRY,
  OPENING,
  PROBE,
  RESTART_SPREAD,
  RETRY_GROWTH,
  STABLE,
} from "./constants";
import { lag, log } from "./debug";
import { type ClientMessage, decode, encode, type ServerMessage } from "./protocol";

/**
 * Idle -start-> Connecting -open-> Open -close-> Waiting -timer, wake-> Connecting
 * Open, Connecting -close with a final code-> Stopped; any -stop, pagehide-> Idle -pageshow-> Connecting
 */
export enum State {
  Idle,
  Connecting,
  Open,
  Waiting,
  Stopped,
}

export interface Listener {
  opened(): void;
  received(message: ServerMessage): void;
  /** The connection is gone; `final` when it will not be tried again. */
  closed(code: number, final: boolean): void;
}

type Timer = ReturnType<typeof setTimeout>;

const comesBack: number[] = [
  CloseCode.GOING_AWAY,
  CloseCode.NO_STATUS,
  CloseCode.ABNORMAL,
  CloseCode.INTERNAL,
  CloseCode.RESTART,
  CloseCode.TRY_LATER,
];
const wakers = ["online", "focus", "pageshow", "visibilitychange", "resume"];

let state = State.Idle;
let address: string;
let listener: Listener;
let socket: WebSocket | undefined;
let opened = 0;
let attempt = 0;
let retry: Timer;
let heartbeat: Timer;
let deadline: Timer | 0 = 0;

export function start(url: string, to: Listener): void {
  address = url.replace(/^http/, "ws");
  listener = to;
  for (const type of wakers) addEventListener(type, wake);
  addEventListener("pagehide", leave);
  connect();
}

export function stop(): void {
  for (const type of wakers) removeEventListener(type, wake);
  removeEventListener("pagehide", leave);
  leave();
}

export function send(message: ClientMessage): void {
  if (state !== State.Open) return;
  log("→", message);
  socket!.send(encode(message));
}

/**
 * Milliseconds to wait before the next attempt: none before the first, then full jitter below a growing limit.
 * A server that restarts or is full loses all its clients at one moment, so there the first attempt is spread too.
 */
export function delay(attempts: number, code: number, random = Math.random): number {
  const limit = attempts ? Math.min(LAST_RETRY, FIRST_RETRY * RETRY_GROWTH ** (attempts - 1)) : 0;
  const crowd = code === CloseCode.GOING_AWAY || code >= CloseCode.RESTART;
  return random() * Math.max(limit, crowd ? RESTART_SPREAD : 0);
}

function connect(): void {
  clearTimeout(retry);
  state = State.Connecting;
  const mine = (socket = new WebSocket(address));
  const receive = (frame: string) => mine === socket && received(frame);
  mine.onopen = () => mine === socket && open();
  mine.onmessage = ({ data }) => (lag ? setTimeout(receive, lag, data) : receive(data));
  mine.onclose = ({ code }) => mine === socket && closed(code);
  expect(OPENING);
}

function open(): void {
  state = State.Open;
  expect(0);
  opened = performance.now();
  heartbeat = setInterval(() => ping(deadline ? 0 : DEAD_AFTER), HEARTBEAT);
  listener.opened();
}

function received(frame: string): void {
  expect(0);
  for (const message of decode(frame)) {
    log("←", message);
    listener.received(message);
  }
}

function closed(code: number): void {
  hangUp();
  if (performance.now() - opened > STABLE) attempt = 0;
  const final = !comesBack.includes(code);
  state = final ? State.Stopped : State.Waiting;
  if (!final) retry = setTimeout(connect, delay(attempt++, code));
  listener.closed(code, final);
}

/** Lets go of the socket; what it still says is not heard. */
function hangUp(): void {
  clearInterval(heartbeat);
  expect(0);
  const old = socket;
  socket = undefined;
  old?.close();
}

/** Gives the server `ms` to say anything; 0 waits for nothing. A dead socket is not waited for: its close event may take minutes. */
function expect(ms: number): void {
  clearTimeout(deadline);
  deadline = ms && setTimeout(closed, ms, CloseCode.ABNORMAL);
}

function ping(within: number): void {
  send(["ping"]);
  if (within) expect(within);
}

/** The user is back, or the network: a waiting connection is tried at once, an open one asked whether it still lives. */
function wake(event: Event): void {
  if (document.hidden) return;
  if (state === State.Waiting || (state === State.Idle && event.type === "pageshow")) connect();
  else if (state === State.Open) ping(PROBE);
}

/** A page with an open socket would be kept out of the back/forward cache. */
function leave(): void {
  clearTimeout(retry);
  const open = state === State.Open;
  state = State.Idle;
  hangUp();
  if (open) listener.closed(CloseCode.GOING_AWAY, false);
}
