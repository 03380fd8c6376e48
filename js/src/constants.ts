/** Names and timings, each in one place. What the server shares is compared with src/livecomp/constants.py by a test. */

export const PROTOCOL_VERSION = 1;

export const ADDRESS = "lc";
export const TOKEN = "lc-token";
export const JSON_MARK = "json:";
export const PART = "+";
export const SCRIPT = "script[data-livecomp-url]";
export const LOADING = "data-loading";
export const CSRF = "csrfmiddlewaretoken";
export const RELOADS = "livecomp:reloaded";
export const DOUBT = { code: "doubt", message: "Your last action may be lost." };
export const REDIRECTS = "livecomp:redirected";
export const FLASHES = "livecomp:flashes";
export const EVENTS = "livecomp:events";

export enum CloseCode {
  GOING_AWAY = 1001,
  ABNORMAL = 1006,
  INTERNAL = 1011,
  RESTART = 1012,
  SIGNED_OUT = 4401,
  VERSION_CHANGED = 4409,
}
/**
 * Going away, cut (servers differ in 1005 and 1006), internal error, restart, try later. A server that may not send such
 * a code sends it 3000 higher.
 */
export const COMES_BACK = /^[14]0(0[156]|1[123])$/;

// Milliseconds, where nothing else is said.
export const HEARTBEAT = 25_000;
export const DEAD_AFTER = 2 * HEARTBEAT; // two missed heartbeats
export const PROBE = 2_000; // how long a socket may stay silent after the tab woke up
export const OPENING = 10_000; // how long the handshake may take
export const FIRST_RETRY = 500;
export const RETRY_GROWTH = 3; // factor
export const LAST_RETRY = 30_000;
export const RESTART_SPREAD = 5_000;
export const NOTICE = 10_000; // how long a message for the visitor stays
export const NOTICES = 5; // that are shown at once
export const ACK_DELAY = 250;
export const ACK_EVERY = 5; // versions
export const UNDER_WAY = 50; // messages that may be sent and not acknowledged; the server refuses what comes after 100
export const BREAKDOWNS = 3; // of the server over one message, which is given up then
export const MINUTE = 60_000;
export const LEAVING = 30_000; // how long another page may be on its way
export const RELOADS_A_MINUTE = 5;
export const REDIRECTS_A_MINUTE = 20; // without the user; as many as browsers follow over HTTP
