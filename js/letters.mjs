// Looks for the letters of names with which the client compresses best, for a minute; js/build.mjs has the result:
//   node js/letters.mjs
// Worth a try when the client has grown by a few bytes too many.
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { LETTERS, namesOf, options, smaller } from "./build.mjs";

const MINUTE = 60_000;
const { outputFiles } = await build({ ...options, write: false });
const parts = (await smaller(outputFiles[0].text, index => `Name${index}_`)).split(/Name(\d+)_/);

function size(letters) {
  const names = namesOf(letters);
  return brotliCompressSync(parts.map((part, i) => (i % 2 ? names[part] : part)).join("")).length;
}

/** The same letters in a slightly other order. */
function changed(text) {
  const letters = [...text];
  const [from, to] = [0, 0].map(() => Math.floor(Math.random() * letters.length));
  letters.splice(to, 0, ...letters.splice(from, 1));
  return letters.join("");
}

let best = LETTERS;
const end = Date.now() + MINUTE;
for (let smallest = size(best); Date.now() < end; ) {
  const which = Math.floor(Math.random() * best.length);
  const other = best.map((text, i) => (i === which ? changed(text) : text));
  const bytes = size(other);
  if (bytes < smallest) console.log(bytes, JSON.stringify(other));
  if (bytes <= smallest) [smallest, best] = [bytes, other];
}
