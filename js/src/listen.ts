/** The client's DOM listeners: all of them end together. */

import { addListener } from "./native";

let life: AbortController;

export function start(): void {
  life = new AbortController();
}

export const stop = (): void => life.abort();

export function on<E extends Event>(
  target: EventTarget,
  type: string,
  hear: (event: E) => void,
  capture = false,
): void {
  addListener(target, type, hear as EventListener, { capture, signal: life.signal });
}
