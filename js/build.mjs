// Builds the client: js/src/index.ts -> src/livecomp/static/livecomp/livecomp.js, and copies its types beside it.
//   node js/build.mjs [--check | --watch]
// --check compares the committed files with a fresh build and writes nothing.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { context, build as esbuild } from "esbuild";
import { minify } from "terser";

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
  // Properties of the client's own objects, which nobody outside sees.
  mangleProps:
    /^(isSent|busy|idle|done|until|timer|make|tasks|keeps|units|ends|piece|last|doomed|matched|ids|changed|numbered|callbacks|fresh|touched)$/,
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
};

const BANNER = "/* livecomp, MIT */\n";

/** Short names made of few letters: compression knows them by heart sooner than names that are as short as can be. */
const names = {
  get(index) {
    const letters = "etnolriascufdpmhgvbwykxjqz";
    if (index < 26) return letters[index];
    const [last, first, more] = [index - 26, (index - 26) >> 4, (index - 26) >> 8];
    return letters[last & 15] + letters[first & 15] + (more || "");
  },
};

/** esbuild's output, another 5 % smaller. */
async function smaller(code) {
  const compress = {
    lhs_constants: false,
    passes: 3,
    ecma: 2022,
    unsafe_arrows: true,
    hoist_funs: true,
  };
  const { code: result } = await minify(code, { module: true, compress, mangle: { nth_identifier: names } });
  return `${BANNER}${result}\n`;
}

/**
 * The client's text, or that of a part of it, as it is shipped.
 * @param {import("esbuild").BuildOptions} [part]
 */
export async function client(part) {
  const { outputFiles } = await esbuild({ ...options, ...part, write: false });
  return smaller(outputFiles?.[0]?.text ?? "");
}

/** The files of a fresh build: path -> text. */
export async function fresh() {
  return {
    [`${target}.js`]: await client(),
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
