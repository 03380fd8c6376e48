/** `live-js`: what an element does by itself, see `extras/commands.ts`. */

import { report } from "./announce";
import { call } from "./call";
import { lazy } from "./lazy";

const client = { call, report };
export type Client = typeof client;

export const withCommands = lazy<Client, typeof import("./extras/commands")>("commands", client);
