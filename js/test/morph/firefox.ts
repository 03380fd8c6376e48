/**
 * The system's Firefox, driven with WebDriver BiDi, which it speaks by itself: a page that runs functions.
 *
 * (Playwright drives only a Firefox of its own, which it would have to download.)
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";

/** Where Firefox is; "" where there is none. */
export const firefox = execFileSync("sh", ["-c", "command -v firefox-esr || command -v firefox || true"])
  .toString()
  .trim();

interface Reply {
  id?: number;
  type: "success" | "error" | "event";
  method?: string;
  message?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command answers
  result?: any;
  params?: { level: string; text: string };
}

export class Firefox {
  /** What went wrong in the page since the last load. */
  errors: string[] = [];
  private readonly answers = new Map<number, (reply: Reply) => void>();
  private last = 0;
  private context = "";

  private constructor(
    private readonly socket: WebSocket,
    readonly close: () => Promise<void>,
  ) {
    socket.on("message", data => this.take(JSON.parse(String(data))));
  }

  static async start(): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), "firefox-"));
    const options = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
    const browser = spawn(firefox, options, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise(resolve => browser.once("exit", resolve));
    const close = async () => {
      browser.kill();
      await ended;
      await rm(profile, { recursive: true, force: true });
    };
    for await (const line of createInterface(browser.stderr)) {
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
      if (!address) continue;
      browser.stderr.resume();
      const socket = new WebSocket(`${address}/session`);
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      const self = new Firefox(socket, close);
      await self.send("session.new", { capabilities: {} });
      await self.send("session.subscribe", { events: ["log.entryAdded"] });
      // In the tab that is there at the start the address bar has the focus, so that elements hear nothing of theirs.
      self.context = (await self.send("browsingContext.create", { type: "tab" })).context;
      return self;
    }
    await close();
    throw new Error("Firefox ended before it listened.");
  }

  async open(url: string): Promise<void> {
    this.errors = [];
    await this.send("browsingContext.navigate", { context: this.context, url, wait: "complete" });
  }

  /** Runs a function in the page, with an argument that JSON can hold. */
  async run(inPage: (argument: never) => unknown, argument?: unknown): Promise<unknown> {
    const given = JSON.stringify(argument) ?? "undefined";
    const { type, result, exceptionDetails } = await this.send("script.evaluate", {
      expression: `(async () => JSON.stringify(await (${inPage})(${given})))()`,
      target: { context: this.context },
      awaitPromise: true,
      userActivation: true,
    });
    if (type === "exception") throw new Error(exceptionDetails.text);
    return result.type === "string" ? JSON.parse(result.value) : undefined;
  }

  private async send(method: string, params: object): Promise<Reply["result"]> {
    const id = ++this.last;
    const answer = new Promise<Reply>(resolve => this.answers.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    const reply = await answer;
    if (reply.type === "error") throw new Error(`${method}: ${reply.message}`);
    return reply.result;
  }

  private take(reply: Reply): void {
    if (reply.params?.level === "error") this.errors.push(reply.params.text);
    this.answers.get(reply.id!)?.(reply);
    this.answers.delete(reply.id!);
  }
}
