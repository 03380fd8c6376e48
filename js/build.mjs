// Builds the client: js/src/index.ts -> src/livecomp/static/livecomp/livecomp.js, its extras beside it in extras/, all with
// source maps, and copies the types.
//   node js/build.mjs [--check | --watch]
// --check compares the committed files with a fresh build and writes nothing.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { context, build as esbuild } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = `${root}src/livecomp/static/livecomp/`;

/** The modules that a page loads when it first needs them; each is built by itself. */
export const EXTRAS = [
  "commands",
  "debug",
  "hooks",
  "motion",
  "navigation",
  "notices",
  "outside",
  "states",
  "triggers",
];

/**
 * The build's settings; the tests build with them too.
 * @type {import("esbuild").BuildOptions}
 */
export const options = {
  absWorkingDir: root,
  entryPoints: [
    { in: "js/src/index.ts", out: "livecomp" },
    ...EXTRAS.map(name => ({ in: `js/src/extras/${name}.ts`, out: `extras/${name}` })),
  ],
  outdir: target,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
  banner: { js: "/* livecomp, MIT */" },
};

/**
 * The files of a build: path in the folder of the client -> text.
 * @param {import("esbuild").BuildOptions} settings
 */
async function built(settings) {
  const { outputFiles } = await esbuild({ ...options, ...settings, write: false });
  return Object.fromEntries((outputFiles ?? []).map(({ path, text }) => [path.slice(target.length), text]));
}

/**
 * The client and its extras, as they are shipped but for the source maps: path in their folder -> text.
 * @returns {Promise<Record<string, string>>}
 */
export const client = () => built({});

/**
 * TypeScript that imports from the client's sources, as one script.
 * @param {string} contents
 * @param {string} resolveDir
 */
export const script = async (contents, resolveDir) =>
  (await built({ entryPoints: [], stdin: { contents, resolveDir, loader: "ts" } }))["stdin.js"] ?? "";

/**
 * The files of a fresh build: path in the client's folder -> text.
 * @returns {Promise<Record<string, string>>}
 */
export async function fresh() {
  return {
    ...(await built({ sourcemap: "linked" })),
    "livecomp.d.ts": await readFile(`${root}js/src/livecomp.d.ts`, "utf8"),
  };
}

async function check() {
  const stale = [];
  for (const [path, text] of Object.entries(await fresh())) {
    if (text !== (await readFile(target + path, "utf8").catch(() => ""))) stale.push(path);
  }
  if (stale.length) {
    console.error(`Stale: ${stale.join(", ")}. Run \`npm run build\` and commit the result.`);
    process.exitCode = 1;
  }
}

async function write() {
  await mkdir(`${target}extras`, { recursive: true });
  for (const [path, text] of Object.entries(await fresh())) await writeFile(target + path, text);
}

async function watch() {
  const watcher = await context({ ...options, sourcemap: "inline", minify: false });
  await watcher.watch();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mode = { "--check": check, "--watch": watch }[process.argv[2]] ?? write;
  await mode();
}
