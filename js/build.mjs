// Builds the client: js/src/index.ts -> src/livecomp/static/livecomp/livecomp.js with its source map, and copies its types
// beside it.
//   node js/build.mjs [--check | --watch]
// --check compares the committed files with a fresh build and writes nothing.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { context, build as esbuild } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = `${root}src/livecomp/static/livecomp/livecomp`;

/**
 * The build's settings; the tests build with them too.
 * @type {import("esbuild").BuildOptions}
 */
export const options = {
  absWorkingDir: root,
  entryPoints: ["js/src/index.ts"],
  outfile: `${target}.js`,
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
 * The files of a build: path -> text.
 * @param {import("esbuild").BuildOptions} settings
 */
async function built(settings) {
  const { outputFiles } = await esbuild({ ...options, ...settings, write: false });
  return Object.fromEntries((outputFiles ?? []).map(({ path, text }) => [path, text]));
}

/**
 * The client's text, or that of a part of it, as it is shipped but for the source map.
 * @param {import("esbuild").BuildOptions} [part]
 */
export async function client(part) {
  return (await built({ ...part }))[`${target}.js`] ?? "";
}

/** The files of a fresh build: path -> text. */
export async function fresh() {
  return {
    ...(await built({ sourcemap: "linked" })),
    [`${target}.d.ts`]: await readFile(`${root}js/src/livecomp.d.ts`, "utf8"),
  };
}

async function check() {
  const stale = [];
  for (const [path, text] of Object.entries(await fresh())) {
    if (text !== (await readFile(path, "utf8").catch(() => ""))) stale.push(path.slice(root.length));
  }
  if (stale.length) {
    console.error(`Stale: ${stale.join(", ")}. Run \`npm run build\` and commit the result.`);
    process.exitCode = 1;
  }
}

async function write() {
  for (const [path, text] of Object.entries(await fresh())) await writeFile(path, text);
}

async function watch() {
  const watcher = await context({ ...options, sourcemap: "inline", minify: false });
  await watcher.watch();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mode = { "--check": check, "--watch": watch }[process.argv[2]] ?? write;
  await mode();
}
