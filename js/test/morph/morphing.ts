/** What of the client is tested here: the morph, with the extra that sees to how its changes are shown. */
import type { Client } from "../../src/client";
import * as motion from "../../src/extras/motion";
import { keyOf } from "../../src/identity";
import { install } from "../../src/installed";
import { own } from "../../src/native";
import { foreign } from "../../src/others";
import { live } from "../../src/query";
import { findTarget } from "../../src/targets";

install("motion", motion, { findTarget, foreign, keyOf, live, own } as unknown as Client);

export { type MorphOptions, morph } from "../../src/morph";
export { applyPatches } from "../../src/patch";
