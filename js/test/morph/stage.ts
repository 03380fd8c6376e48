/** A page of Chromium to morph in. One page serves all tests of a worker; each starts from a fresh load. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test as base, expect, type Page } from "@playwright/test";
import { build, type Plugin } from "esbuild";
import { script } from "../../build.mjs";
import { Firefox } from "./firefox";

type Run = <A, T>(inPage: (argument: A) => T | Promise<T>, argument?: A) => Promise<T>;

const PAGE = `<!doctype html><meta charset=utf-8><title>Stage</title>
<body><main></main><link rel=stylesheet href=stage.css><script src=page.js></script>`;

/** What the tests need of style: none of it may be inline. */
const STYLE = `
  .scroller { height: 60px; width: 100px; overflow: auto } .wide { width: 900px }
  @keyframes turn { to { rotate: 1turn } } .turn { animation: turn 60s } .fading { transition: opacity 60s }
  .box { transition: opacity .3s } .out { opacity: 0 }`;

const FRAME = "<!doctype html><title>Frame</title><p>frame";

const PIXEL = Buffer.from("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=", "base64");

/** Ten seconds of silence. */
function silence(): Buffer {
  const rate = 8000;
  const header = Buffer.alloc(44);
  header.write("RIFF");
  header.writeUInt32LE(36 + rate * 10, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write("data", 36);
  header.writeUInt32LE(rate * 10, 40);
  return Buffer.concat([header, Buffer.alloc(rate * 10, 128)]);
}

/** Puts the minified text of the morph in the place of its sources: names cut short too much would be seen here. */
const minified: Plugin = {
  name: "minified",
  setup(build) {
    build.onResolve({ filter: /\/morphing$/ }, () => ({ path: "morph", namespace: "minified" }));
    build.onLoad({ filter: /./, namespace: "minified" }, async () => {
      const contents = `export { morph, applyPatches } from "./morphing";`;
      const resolveDir = new URL(".", import.meta.url).pathname;
      return { contents: await script(contents, resolveDir) };
    });
  },
};

async function files(plugins: Plugin[]): Promise<Record<string, [type: string, body: string | Buffer]>> {
  const { outputFiles } = await build({
    entryPoints: [new URL("page.ts", import.meta.url).pathname],
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
    plugins,
  });
  return {
    "/": ["text/html", PAGE],
    "/page.js": ["text/javascript", outputFiles[0]!.text],
    "/frame": ["text/html", FRAME],
    "/silence.wav": ["audio/wav", silence()],
    "/favicon.ico": ["image/gif", PIXEL],
    "/pixel.gif": ["image/gif", PIXEL],
    "/stage.css": ["text/css", STYLE],
    "/sheet.css": ["text/css", "p { color: rgb(1, 2, 3) }"],
  };
}

interface Fixtures {
  page: Page;
  /** Runs a function in the page; what it throws fails the test. */
  run: Run;
}

export interface WorkerFixtures {
  /** Whether the minified client is tested, instead of its sources. */
  isMinified: boolean;
  /** Whether functions run in Firefox. The tests that use `page` as well are tagged @chromium. */
  isFirefox: boolean;
  origin: string;
  only: Page;
  fox: Firefox | undefined;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  isMinified: [false, { option: true, scope: "worker" }],
  isFirefox: [false, { option: true, scope: "worker" }],

  fox: [
    async ({ isFirefox }, use) => {
      const fox = isFirefox ? await Firefox.start() : undefined;
      await use(fox);
      await fox?.close();
    },
    { scope: "worker", timeout: 60_000 },
  ],

  origin: [
    async ({ isMinified }, use) => {
      const served = await files(isMinified ? [minified] : []);
      const server = createServer((request, response) => {
        const { pathname, search } = new URL(request.url!, "http://stage");
        const file = served[pathname];
        response.writeHead(file ? 200 : 404, {
          "Content-Type": file?.[0] ?? "text/plain",
          "Content-Security-Policy": search === "?inline" ? "" : "default-src 'self'",
        });
        response.end(file?.[1]);
      });
      await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      server.closeAllConnections();
      server.close();
    },
    { scope: "worker" },
  ],

  only: [
    async ({ browser, origin }, use) => {
      const page = await browser.newPage({ baseURL: origin });
      await use(page);
      await page.context().close();
    },
    { scope: "worker" },
  ],

  page: async ({ only, origin }, use) => {
    const errors: string[] = [];
    const note = (error: Error) => errors.push(error.message);
    const listen = (message: { type(): string; text(): string }) =>
      message.type() === "error" && errors.push(message.text());
    await only.goto(origin);
    only.on("pageerror", note).on("console", listen);
    await use(only);
    only.off("pageerror", note).off("console", listen);
    expect(errors).toEqual([]);
  },

  run: async ({ page, fox, origin }, use) => {
    await fox?.open(origin);
    await use((inPage, argument) =>
      fox ? (fox.run(inPage as never, argument) as never) : page.evaluate(inPage as never, argument as never),
    );
    expect(fox?.errors ?? []).toEqual([]);
  },
});

export { expect };
