// Measures the client in Chromium beside other libraries and prints a table of medians:
//   node js/bench/run.mjs [--quick] [--json]
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "@playwright/test";
import { build } from "esbuild";

const quick = process.argv.includes("--quick");
const sizes = quick ? [100] : [100, 1000];
const here = path => fileURLToPath(new URL(path, import.meta.url));

/** [who, what, rows, how often, after a layout or not]: slow contenders are measured less often, and in one way. */
function* plan({ contenders, changes }) {
  for (const rows of sizes)
    for (const what of changes)
      for (const who of contenders) {
        if (who === "livecomp, all of it" && what !== "one text") continue;
        const isQuick = /^(livecomp|by hand)$/.test(who);
        const most = { reverse: 41, "remove first": 61 }[what] ?? 201;
        const often = isQuick ? most : rows === 100 ? 61 : 15;
        for (const cold of isQuick ? [false, true] : [false])
          yield [who, what, rows, quick ? 1 : often, cold];
      }
}

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [here("page.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    write: false,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0].text;
}

/** Serves the page; isolated from other origins, its clock is exact to 5 µs. */
async function serve(script) {
  const server = createServer((request, response) => {
    const page = request.url === "/";
    response.writeHead(200, {
      "Content-Type": page ? "text/html" : "text/javascript",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(
      page ? "<!doctype html><meta charset=utf-8><main></main><script src=page.js></script>" : script,
    );
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function measureAll(origin) {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium || command -v google-chrome"])
    .toString()
    .trim();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const open = async () => {
    const page = await browser.newPage();
    page.on("pageerror", error => {
      throw error;
    });
    await page.goto(origin);
    return page;
  };
  const first = await open();
  const api = await first.evaluate(() => ({ contenders: bench.contenders, changes: bench.changes }));
  const figures = [];
  for (const [who, what, rows, often, cold] of plan(api)) {
    const page = await open(); // nobody pays for what another has left behind
    const micros = await page.evaluate(args => bench.measure(...args), [who, what, rows, often, cold]);
    figures.push({ who, what, rows, cold, micros });
    await page.close();
  }
  const version = browser.version();
  await browser.close();
  return { version, ...api, figures };
}

function print({ version, contenders, changes, figures }) {
  const width = 20;
  const cell = micros =>
    (micros === undefined ? "" : (micros / 1000).toFixed(micros < 1000 ? 3 : 1)).padStart(width);
  const table = (title, names, cold) => {
    console.log(`${title}\n\n${["".padEnd(22), ...names.map(name => name.padStart(width))].join("")}`);
    for (const rows of sizes)
      for (const what of changes) {
        const line = names.map(
          who =>
            figures.find(f => f.who === who && f.what === what && f.rows === rows && f.cold === cold)?.micros,
        );
        console.log([`${what}, ${rows}`.padEnd(22), ...line.map(cell)].join(""));
      }
    console.log();
  };
  table(`Script time in ms, medians, Chromium ${version}, one change after another`, contenders, false);
  table("Each change after the table was laid out", contenders.slice(0, 2), true);
  const client = readFileSync(here("../../src/livecomp/static/livecomp/livecomp.js"));
  console.log(`The whole client: ${gzipSync(client, { level: 9 }).length} bytes with gzip`);
}

const server = await serve(await bundle());
const result = await measureAll(`http://127.0.0.1:${server.address().port}/`);
server.close();
if (process.argv.includes("--json")) console.log(JSON.stringify(result, null, 1));
else print(result);
