// Builds the client: js/src/index.ts -> src/livecomp/static/livecomp/livecomp.js, and copies its types beside it.
//   node js/build.mjs [--check | --watch]
// --check compares the committed files with a fresh build and writes nothing.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { context, build as esbuild } from "esbuild";
import { minify } from "terser";
import ts from "typescript";

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

/** The letters of short names: of one letter, and the first and the second of two. This order was found to compress best. */
export const LETTERS = [
  "rtnoleiasbcupjhyfmkwvgxzqd",
  "etnolraiwvykpzxhmdsgfucjbq",
  "setnrizdqxpaojuklmycwvfbhg",
];

/** The names that replace those of the sources; 26 * 27 is more than there are. */
export const namesOf = ([single, first, second]) =>
  [...single, ...[...first].flatMap(one => [...second].map(two => one + two))].filter(
    name => !/^(do|if|in)$/.test(name),
  );

const names = namesOf(LETTERS);

/**
 * Turns functions into constants that hold arrow functions, which are shorter. They come before everything that may call
 * them, and behind the constants, so that those can be put in where they are used.
 */
function arrows(code) {
  const file = ts.createSourceFile("livecomp.js", code, ts.ScriptTarget.Latest);
  const text = (from, to) => code.slice(from, to);
  const [values, functions, others] = [[], [], []];
  for (const statement of file.statements) {
    const { name, body, pos, end, modifiers, declarationList } = statement;
    if (ts.isFunctionDeclaration(statement)) {
      const head = `${modifiers ? "async " : ""}${text(name.end, body.pos)}`;
      functions.push(`const ${name.text}=${head}=>${text(body.pos, end)};`);
    } else if (declarationList)
      for (const { initializer, pos, end } of declarationList.declarations) {
        const isValue = !initializer || ts.isLiteralExpression(initializer);
        (isValue ? values : others).push(`var ${text(pos, end)};`);
      }
    else others.push(text(pos, end));
  }
  return [...values, ...functions, ...others].join("\n");
}

/**
 * esbuild's output, another 5 % smaller.
 * @param {(index: number) => string} get gives the names
 */
export async function smaller(code, get = index => names[index]) {
  const compress = {
    lhs_constants: false,
    passes: 3,
    ecma: 2022,
    unsafe_arrows: true,
    hoist_funs: true,
  };
  const mangle = { nth_identifier: { get } };
  const { code: result } = await minify(arrows(code), { module: true, compress, mangle });
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
