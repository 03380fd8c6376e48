/** The socket: opened, kept alive, given up when it is dead, and opened again. It knows frames, not pages. */

import { delay } from "./backoff";
import { CloseCode, COMES_BACK, DEAD_AFTER, HEARTBEAT, OPENING, PART, PROBE } from "./constants";
import { tell } from "./installed";
import { on } from "./listen";
import { doc } from "./native";
import { type ClientMessage, decode, type ServerMessage } from "./protocol";
import { told } from "./script";

/**
 * Waiting -start, timer, wake-> Connecting -open-> Open -close, stop, pagehide-> Waiting
 * Open, Connecting -close with a final code-> Stopped
 */
enum State {
  Connecting,
  Open,
  Waiting,
  Stopped,
}

type Timer = ReturnType<typeof setTimeout>;

/** Bytes in a frame. */
const frame = Number(told.livecompFrame ?? 65_536);

let state = State.Waiting;
let address: string;
let opened: () => void;
let received: (message: ServerMessage) => void;
/** The connection is gone; `isFinal` when it will not be tried again. */
let lost: (code: number, isFinal: boolean) => void;
let socket: WebSocket | undefined;
/** Attempts since the last connection that lived to its first heartbeat. */
let attempt = 0;
let retry: Timer;
let heartbeat: Timer;
let latency = 0;
let deadline: Timer | 0 = 0;

export function start(
  url: string,
  onOpen: typeof opened,
  onMessage: typeof received,
  onLoss: typeof lost,
): void {
  address = url;
  opened = onOpen;
  received = onMessage;
  lost = onLoss;
  for (const type of ["online", "focus", "pageshow", "visibilitychange", "resume"]) on(window, type, wake);
  on(window, "pagehide", stop);
  connect();
}

/** Lets go of the connection. A page with an open one would be kept out of the back/forward cache. */
export function stop(): void {
  clearTimeout(retry);
  hangUp();
  if (state === State.Open) lost(CloseCode.GOING_AWAY, false);
  state = State.Waiting;
}

/** What is longer than a frame may be goes in parts. */
export function send(message: ClientMessage): void {
  if (socket?.readyState !== WebSocket.OPEN) return; // it may be closing already
  tell("logged", "→", message);
  const text = JSON.stringify(message);
  const length = Math.floor(frame / 4) - 1; // characters of at most four bytes, and the mark
  if (text.length <= length) socket.send(text);
  else for (const part of [...text.match(RegExp(`.{1,${length}}`, "gsu"))!, ""]) socket.send(PART + part);
}

/** Holds every message of the server back for so many milliseconds. */
export function setLatency(ms: number): void {
  latency = ms;
}

function connect(): void {
  clearTimeout(retry);
  state = State.Connecting;
  socket = new WebSocket(address);
  socket.onopen = open;
  socket.onmessage = event => (latency ? setTimeout(read, latency, event) : read(event));
  socket.onclose = close;
  expect(OPENING);
}

function open(): void {
  state = State.Open;
  heartbeat = setInterval(ping, HEARTBEAT);
  expect(0);
  opened();
}

function read({ data }: { data: string }): void {
  expect(0);
  for (const message of decode(data)) {
    tell("logged", "←", message);
    received(message);
  }
}

function close({ code }: { code: number }): void {
  hangUp();
  const isFinal = !COMES_BACK.test(`${code}`);
  state = isFinal ? State.Stopped : State.Waiting;
  if (!isFinal) retry = setTimeout(connect, delay(attempt++, code));
  lost(code, isFinal);
}

/** Lets go of the socket: a closing one has no more messages, and its end may take minutes. */
function hangUp(): void {
  if (socket) {
    socket.onclose = null;
    socket.close();
  }
  clearInterval(heartbeat);
  expect(0);
}

/** Gives the server `ms` to say anything; 0: all the time. */
function expect(ms: number): void {
  clearTimeout(deadline);
  deadline = ms && setTimeout(close, ms, { code: CloseCode.ABNORMAL });
}

function ping(): void {
  attempt = 0;
  send(["ping"]);
  if (!deadline) expect(DEAD_AFTER);
}

/** The user is back, or the network: a waiting connection is tried at once, an open one asked whether it still lives. */
function wake(): void {
  if (doc.hidden) return;
  if (state === State.Waiting) connect();
  else if (state === State.Open) {
    expect(PROBE);
    send(["ping"]);
  }
}
