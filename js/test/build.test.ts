/** What is shipped: small enough, and made from the sources as they are. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { fresh } from "../build.mjs";
import { CloseCode, JSON_MARK, PROTOCOL_VERSION } from "../src/constants";

test("the committed client is what the sources give", async () => {
  for (const [path, text] of Object.entries(await fresh()))
    expect(await readFile(path, "utf8"), `${path} is stale: npm run build`).toBe(text);
});

test("the whole client is at most 12 kB with gzip", async () => {
  const text = Object.values(await fresh())[0]!;
  expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(12_000);
});

test("the client holds no eval, no inline style and no source map", async () => {
  const text = Object.values(await fresh())[0]!;
  expect(text).not.toMatch(/\beval\(|new Function|sourceMappingURL|\.cssText|setAttribute\("style"/);
});

test("its names are those of the server", async () => {
  const python = await readFile(new URL("../../src/livecomp/constants.py", import.meta.url), "utf8");
  expect(python).toContain(`PROTOCOL_VERSION = ${PROTOCOL_VERSION}\n`);
  expect(python).toContain(`JSON_MARK = "${JSON_MARK}"\n`);
  const codes = new Map(
    Array.from(python.matchAll(/^ {4}(\w+) = (\d{4})$/gm), ([, name, code]) => [name, Number(code)]),
  );
  for (const [name, code] of Object.entries(CloseCode))
    if (codes.has(name)) expect(codes.get(name), name).toBe(code);
});
