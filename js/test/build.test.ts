/** What is shipped: small enough, and made from the sources as they are. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { client, EXTRAS, fresh } from "../build.mjs";
import { CloseCode, JSON_MARK, PROTOCOL_VERSION } from "../src/constants";

const STATELESS = /^(constants|extras\/among)\.ts$/;
const FOLDER = new URL("../../src/livecomp/static/livecomp/", import.meta.url);

test("the committed client is what the sources give", async () => {
  for (const [path, text] of Object.entries(await fresh()))
    expect(await readFile(new URL(path, FOLDER), "utf8"), `${path} is stale: npm run build`).toBe(text);
});

// What it has to come down to is 12,000.
const LARGEST = 13_300;

test("the client is at most 13,300 bytes with gzip, and 18,300 with all its extras", async () => {
  const files = await client();
  const sizes = Object.entries(files).map(
    ([path, text]) => [path, gzipSync(text, { level: 9 }).length] as const,
  );
  console.log(sizes.map(([path, size]) => `${path}: ${size} B`).join(", "));
  expect(new Map(sizes).get("livecomp.js")).toBeLessThanOrEqual(LARGEST);
  expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThanOrEqual(18_300);
});

test("the client holds no eval and no inline style", async () => {
  for (const text of Object.values(await client()))
    expect(text).not.toMatch(/\beval\(|new Function|\.cssText|setAttribute\("style"/);
});

test("source maps lead back to every source, and name no folder of the machine they were built on", async () => {
  const files = await fresh();
  for (const path of Object.keys(await client())) {
    expect(files[path]).toMatch(/\n\/\/# sourceMappingURL=[a-z]+\.js\.map\n$/);
    const map = JSON.parse(files[`${path}.map`]!) as { sources: string[]; sourcesContent: string[] };
    for (const source of map.sources) expect(source).toMatch(/^(\.\.\/)+js\/src\/(extras\/)?[a-z_]+\.ts$/);
    expect(map.sources).toHaveLength(map.sourcesContent.length);
  }
});

test("an extra holds nothing of the client that has a state: there would be two of it", async () => {
  const files = await fresh();
  for (const name of EXTRAS) {
    const { sources } = JSON.parse(files[`extras/${name}.js.map`]!) as { sources: string[] };
    const others = sources
      .map(source => source.replace(/.*js\/src\//, ""))
      .filter(source => !STATELESS.test(source));
    expect(others).toEqual([`extras/${name}.ts`]);
  }
});

test("the server knows the extras", async () => {
  const python = await readFile(new URL("../../src/livecomp/constants.py", import.meta.url), "utf8");
  expect(python).toContain(`CLIENT_EXTRAS = (${EXTRAS.map(name => `"${name}"`).join(", ")})\n`);
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
