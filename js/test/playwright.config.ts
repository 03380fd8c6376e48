import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";
import { firefox } from "./morph/firefox";
import type { WorkerFixtures } from "./morph/stage";

/** The system's Chromium: the tests download no browser. */
const chromium = execFileSync("sh", [
  "-c",
  "command -v chromium || command -v chromium-browser || command -v google-chrome",
])
  .toString()
  .trim();

export default defineConfig<object, WorkerFixtures>({
  testDir: ".",
  testMatch: "**/*.test.ts",
  outputDir: "../../test-results/js",
  fullyParallel: true,
  workers: 2,
  retries: process.env.CI ? 1 : 0, // a machine that builds has other work to do
  timeout: 30_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: "line",
  projects: [
    { name: "client" },
    { name: "minified morph", testMatch: /morph\/(fidelity|keyed|markup|others)/, use: { isMinified: true } },
    ...(firefox
      ? [{ name: "Firefox", testMatch: "morph/*.test.ts", grepInvert: /@chromium/, use: { isFirefox: true } }]
      : []),
  ],
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
