/** `live-click-away`: a click is away from what it neither began nor ended in. */

import type { Client } from "../client";

let client: Client;

/** Where the pointer went down, and up again. */
let pressed: EventTarget[] = [];

export function install(given: Client): void {
  client = given;
  for (const type of ["pointerdown", "pointerup"]) client.own(document).addEventListener(type, press, true);
}

function press(event: Event): void {
  if (event.type === "pointerdown") pressed = [];
  pressed.push(...event.composedPath());
}

/** A click that keys or a script made has no detail, and no pointer. */
export function clicked(event: MouseEvent): void {
  const touched = [...event.composedPath(), ...(event.detail ? pressed : [])].filter(
    node => node instanceof Element,
  );
  for (const element of client.all("[live-click-away]"))
    if (!touched.some(node => client.belongsTo(element, node)) && client.own(element).checkVisibility())
      client.react(element, "click-away", event);
}
