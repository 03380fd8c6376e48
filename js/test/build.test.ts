/** What is shipped: small enough, and made from the sources as they are. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { client, fresh } from "../build.mjs";
import { CloseCode, JSON_MARK, PROTOCOL_VERSION } from "../src/constants";

test("the committed client is what the sources give", async () => {
  for (const [path, text] of Object.entries(await fresh()))
    expect(await readFile(path, "utf8"), `${path} is stale: npm run build`).toBe(text);
});

test("the whole client is at most 12 KiB with gzip", async () => {
  const text = await client();
  expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(12 * 1024);
});

test("the client holds no eval and no inline style", async () => {
  expect(await client()).not.toMatch(/\beval\(|new Function|\.cssText|setAttribute\("style"/);
});

test("a source map leads back to every source, and names no folder of the machine it was built on", async () => {
  const files = Object.entries(await fresh());
  const text = (end: string) => files.find(([path]) => path.endsWith(end))![1];
  expect(text("livecomp.js")).toMatch(/\n\/\/# sourceMappingURL=livecomp\.js\.map\n$/);
  const map = JSON.parse(text("livecomp.js.map")) as { sources: string[]; sourcesContent: string[] };
  for (const source of map.sources) expect(source).toMatch(/^(\.\.\/)+js\/src\/[a-z_]+\.ts$/);
  expect(map.sources).toHaveLength(map.sourcesContent.length);
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
