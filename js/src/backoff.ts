/** Back-off: how long to wait before a connection is tried again. Knows no DOM. */

import { CloseCode, FIRST_RETRY, LAST_RETRY, RESTART_SPREAD, RETRY_GROWTH } from "./constants";

/**
 * Milliseconds to wait before the next attempt: none before the first, then full jitter below a growing limit.
 * A server that restarts or is full loses all its clients at one moment, so there the first attempt is spread too.
 */
export function delay(attempts: number, code: number, random = Math.random): number {
  const limit = attempts ? Math.min(LAST_RETRY, FIRST_RETRY * RETRY_GROWTH ** (attempts - 1)) : 0;
  const isCrowd = code === CloseCode.GOING_AWAY || code >= CloseCode.RESTART;
  return random() * Math.max(limit, isCrowd ? RESTART_SPREAD : 0);
}
