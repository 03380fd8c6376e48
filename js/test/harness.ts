/**
 * A page with live components and the server's end of its socket, played by the test.
 *
 * The page is served with `Content-Security-Policy: default-src 'self'`. A test fails on any error of the page, any
 * console error and any violation of that policy that it did not expect with `app.expectError()`.
 */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test as base, expect, type Page } from "@playwright/test";
import { type WebSocket, WebSocketServer } from "ws";
import { client } from "../build.mjs";
import type {} from "../src/livecomp";
import type { ClientMessage, ClientMessages, Effect, Failure, Patch } from "../src/protocol";

export { expect };

type Fields<Type extends keyof ClientMessages> = Extract<ClientMessage, [Type, ...unknown[]]>;

const EXTRAS = {
  hooks: "[live-hook]",
  motion: "[live-leave],[live-transition],[live-preserve-scroll]",
  outside: "[live-click-away]",
  states: "[live-offline],[live-cloak],[live-dirty],[live-current]",
  triggers: "[live-init],[live-autofocus],[live-poll],[live-intersect]",
};

export class App {
  readonly received: ClientMessage[] = [];
  readonly frames: string[] = [];
  /** Attributes of the script tag: the size of a frame, the texts. */
  told = "";
  /** The server answers a join with this page id; null: not at all. */
  pageId: string | null = "page-1";
  version = 0;
  policy = "default-src 'self'";
  /** Files of the site beside `/` and the client: path -> [type, text]. */
  readonly files = new Map<string, [type: string, text: string]>();
  joins = 0;
  /** Whether new connections are cut at once. */
  isDown = false;
  /** Whether the handshake of a new connection gets no answer. */
  isMute = false;
  handshakes = 0;
  socket: WebSocket | undefined;
  private readonly unexpected: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(
    readonly page: Page,
    private readonly server: Server,
    sockets: WebSocketServer,
  ) {
    sockets.on("connection", socket => this.connected(socket));
    page.on("pageerror", error => this.unexpected.push(`page error: ${error.stack}`));
    page.on("console", message => {
      if (message.type() === "error") this.unexpected.push(`console: ${message.text()}`);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Opens a page with these components and waits until it has joined. */
  async open(body: string, { head = "", joined = true, path = "/" } = {}): Promise<void> {
    this.files.set(path, ["text/html", site(body, head).replace("></script>", ` ${this.told}></script>`)]);
    await this.page.goto(this.url + path);
    if (!joined) return;
    await this.until(() => this.joins > 0);
    await this.extras();
  }

  /** Waits for the extras of what is in the page by itself, unless that is left meanwhile. */
  private extras(): Promise<void> {
    return this.page
      .evaluate(async extras => {
        for (const [name, selector] of Object.entries(extras))
          if (Document.prototype.querySelector.call(document, selector)) await import(`/extras/${name}.js`);
      }, EXTRAS)
      .catch(() => {});
  }

  expectError(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  /** Waits for the n-th message of a type and returns it. */
  async message<Type extends keyof ClientMessages>(type: Type, n = 1): Promise<Fields<Type>> {
    await this.until(
      () => this.all(type).length >= n,
      () => `${n} × ${type} in ${JSON.stringify(this.received)}`,
    );
    return this.all(type)[n - 1]!;
  }

  all<Type extends keyof ClientMessages>(type: Type): Fields<Type>[] {
    return this.received.filter(message => message[0] === type) as Fields<Type>[];
  }

  /** Messages that carry a number, without it. */
  get calls(): unknown[] {
    return this.received
      .filter(([type]) => type === "event" || type === "set" || type === "url")
      .map(([type, , ...fields]) => [type, ...fields]);
  }

  get lastRef(): number {
    const refs = this.received.filter(([type]) => type === "event" || type === "set" || type === "url");
    return Math.max(0, ...refs.map(message => message[1] as number));
  }

  patch(
    patches: Patch[],
    { ack = this.lastRef, effects = [] as Effect[], version = this.version + 1 } = {},
  ): void {
    this.version = version;
    this.send(["patch", version, ack, patches, ...(effects.length ? [effects] : [])]);
  }

  ack(ack = this.lastRef, effects: Effect[] = []): void {
    this.send(["ack", ack, ...(effects.length ? [effects] : [])]);
  }

  send(message: unknown): void {
    this.socket!.send(JSON.stringify(message));
  }

  /** Sends `messages` and waits until the page has dealt with them. */
  async settled(): Promise<void> {
    const marker = `marker-${Math.random()}`;
    const seen = this.page.evaluate(
      name =>
        new Promise<void>(resolve =>
          document.addEventListener("live:push", event => {
            if ((event as CustomEvent).detail.name === name) resolve();
          }),
        ),
      marker,
    );
    await this.page.evaluate(() => 0); // the listener is there before the marker
    this.send(["ack", 0, [["push", marker, null, ""]]]);
    await seen;
    await this.extras();
  }

  async until(condition: () => boolean, what: () => string = () => String(condition)): Promise<void> {
    const end = Date.now() + 10_000;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`waited in vain for ${what()}`);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  /** The server goes down, as in a restart. */
  async goDown(): Promise<void> {
    const seen = await this.listen("live:disconnected");
    this.isDown = true;
    this.socket!.close(1012);
    await expect.poll(async () => (await seen()).length).toBeGreaterThan(0);
  }

  /** The server is back, and the page is made to notice. */
  async comeBack(pageId = this.pageId): Promise<void> {
    this.isDown = false;
    this.pageId = pageId;
    const [joins, handshakes] = [this.joins, this.handshakes];
    await expect
      .poll(async () => {
        // once it tries, it is left alone: an open connection that is asked again may be too slow for its answer
        if (this.handshakes === handshakes)
          await this.page.evaluate(() => dispatchEvent(new Event("online")));
        return this.joins;
      })
      .toBeGreaterThan(joins);
  }

  /** From here on the page's time passes only when the test says so (`page.clock.runFor`). */
  async stopClock(): Promise<void> {
    await this.page.clock.pauseAt((await this.page.evaluate(() => Date.now())) + 1_000);
  }

  /** Collects the `live:` DOM events of the page from now on: their names and details. */
  async listen(...names: string[]): Promise<() => Promise<[name: string, detail: unknown][]>> {
    await this.page.evaluate(names => {
      const seen: unknown[] = ((window as unknown as { seen: unknown[] }).seen = []);
      for (const name of names)
        document.addEventListener(name, event => seen.push([name, (event as CustomEvent).detail]));
    }, names);
    return () => this.page.evaluate(() => (window as unknown as { seen: [string, unknown][] }).seen);
  }

  check(): void {
    const left = this.unexpected.filter(text => !this.expected.some(pattern => pattern.test(text)));
    expect(left, "errors on the page").toEqual([]);
  }

  private connected(socket: WebSocket): void {
    if (this.isDown) {
      socket.terminate();
      return;
    }
    this.socket = socket;
    let parts = "";
    socket.on("message", data => {
      this.frames.push(String(data));
      if (/^\+./s.test(String(data))) {
        parts += String(data).slice(1);
        return;
      }
      const frame = JSON.parse(String(data) === "+" ? parts : String(data));
      parts = "";
      const messages: ClientMessage[] = typeof frame[0] === "string" ? [frame] : frame;
      for (const message of messages) {
        this.received.push(message);
        if (message[0] === "join") this.join(message[3]);
        if (message[0] === "ping" && this.pageId) this.send(["pong"]);
      }
    });
  }

  /** What the server answers to a join. */
  answer: (resume: [string, number] | null) => {
    ack?: number;
    patches?: Patch[];
    effects?: Effect[];
    failed?: Failure[];
  } = () => ({});

  private join(resume: [string, number] | null): void {
    if (this.pageId === null) return;
    const { ack = 0, patches = [], effects = [], failed = [] } = this.answer(resume);
    if (resume && resume[0] !== this.pageId) effects.unshift(["doubt", false]);
    this.joins++;
    this.send(["joined", this.pageId, this.version, ack, patches, effects, failed]);
  }
}

export const script = `<script type="module" src="/livecomp.js" data-livecomp-url="/livecomp/ws"></script>`;

const site = (body: string, head: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>test</title>${script}${head}</head><body>${body}</body></html>`;

export const test = base.extend<{ app: App }, { code: Record<string, string> }>({
  code: [
    // biome-ignore lint/correctness/noEmptyPattern: a fixture names what it needs
    async ({}, use) => {
      await use(await client());
    },
    { scope: "worker", timeout: 60_000 },
  ],
  app: async ({ page, code }, use) => {
    const server = createServer(async (request, response) => {
      const path = new URL(request.url!, "http://x").pathname;
      const own = code[path.slice(1)];
      const [type, text] = own ? ["text/javascript", own] : (app.files.get(path) ?? ["", undefined]);
      response.writeHead(text === undefined ? 404 : 200, {
        "Content-Type": `${type || "text/plain"}; charset=utf-8`,
        "Content-Security-Policy": app.policy,
      });
      response.end(text ?? "");
    });
    const sockets = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
      app.handshakes++;
      if (!app.isMute)
        sockets.handleUpgrade(request, socket, head, opened => sockets.emit("connection", opened));
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    const app = new App(page, server, sockets);
    app.files.set("/favicon.ico", ["image/x-icon", ""]);
    await use(app);
    app.check();
    await page.close();
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  },
});

export const vendor = (path: string): Promise<string> =>
  readFile(new URL(`../../node_modules/${path}`, import.meta.url), "utf8");
