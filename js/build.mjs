// Builds the client: js/src/index.ts -> src/livecomp/static/livecomp/livecomp.js, and copies its types beside it.
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
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  banner: { js: "/* livecomp, MIT. Built from js/src by `npm run build`: change it there. */" },
  logLevel: "warning",
};

/** The files of a fresh build: path -> text. */
export async function fresh() {
  const { outputFiles } = await esbuild({ ...options, write: false });
  return {
    [`${target}.js`]: outputFiles?.[0]?.text ?? "",
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
  const watcher = await context({ ...options, outfile: `${target}.js`, sourcemap: "inline", minify: false });
  await watcher.watch();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mode = { "--check": check, "--watch": watch }[process.argv[2]] ?? write;
  await mode();
}
