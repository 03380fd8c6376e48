/** The helpers are globals: what a test runs in the page is a function sent there without its imports. */
type Helpers = typeof import("./page").helpers;

declare const morph: Helpers["morph"];
declare const applyPatches: Helpers["applyPatches"];
declare const stage: Helpers["stage"];
declare const patch: Helpers["patch"];
declare const find: Helpers["find"];
declare const type: Helpers["type"];
declare const records: Helpers["records"];
declare const html: Helpers["html"];
declare const rows: Helpers["rows"];
declare const frame: Helpers["frame"];
declare const until: Helpers["until"];
declare const equal: Helpers["equal"];
declare const same: Helpers["same"];
declare const ok: Helpers["ok"];
