/**
 * Measures, in the page: the same changes to the same table by this client, by morphdom, by idiomorph and by
 * LiveView's client, each fed as its server would feed it. Script only, in two ways: one change after another, and each
 * after the whole table was laid out, which leaves nothing of the script in the processor's caches.
 */
import { Idiomorph } from "idiomorph";
import morphdom from "morphdom";
import { pauseWatching } from "../src/others";
import { applyPatches } from "../src/patch";
import { liveView } from "./liveview";
import { HEAD, keep, type Rows, rowHtml, TAIL, tableHtml } from "./table";

interface Contender {
  show(rows: Rows): void | Promise<void>;
  /** Takes what its server would send for the change. @returns what its client does with it */
  change(before: Rows, after: Rows, change: Change, i: number): () => void;
}

const place = document.querySelector("main")!;

/** Puts HTML where the server would have sent it with the page. */
function showHtml(html: string): Element {
  place.innerHTML = html;
  return place.firstElementChild!;
}

const livecomp: Contender = {
  show: rows => void showHtml(tableHtml(rows, true)),
  change(before, after, { patch }, i) {
    const message = patch(before, after, i);
    return () => {
      if (applyPatches(document, JSON.parse(message)).length) throw new Error(`not applied: ${message}`);
    };
  },
};

const whole = (morph: (root: Element, html: string) => void, addresses = false): Contender => ({
  show: rows => void showHtml(tableHtml(rows, addresses)),
  change(_before, after) {
    const html = tableHtml(after, addresses);
    return () => morph(place.firstElementChild!, html);
  },
});

/** The least that can be done: somebody knows exactly what to do. */
const byHand: Contender = {
  show: rows => void showHtml(tableHtml(rows, false)),
  change(before, after, { byHand }, i) {
    const body = place.querySelector("tbody")!;
    const template = document.createElement("template");
    template.innerHTML = rowHtml(
      after[after.length === before.length ? nth(before, i) : after[0] === before[0] ? after.length - 1 : 0]!,
    );
    const row = template.content.firstElementChild as HTMLTableRowElement;
    return () => byHand(body, row, nth(before, i));
  },
};

const contenders: Record<string, Contender> = {
  "by hand": byHand,
  livecomp,
  "livecomp, all of it": whole((_, html) => void applyPatches(document, [["c0.0", html]]), true),
  morphdom: whole((root, html) => void morphdom(root, html)),
  idiomorph: whole((root, html) => void Idiomorph.morph(root, html)),
  LiveView: liveView(place),
};

interface Change {
  /** The rows before the change number `i` and after it. */
  rows(rows: Rows, i: number): Rows;
  /** What livecomp's server sends. */
  patch(rows: Rows, after: Rows, i: number): string;
  /** @param row as it is to be, where one changes or comes, @param at where it is */
  byHand(body: HTMLTableSectionElement, row: HTMLTableRowElement, at: number): void;
}

const inBody = (...parts: string[]) => JSON.stringify([["c0.3", `>${parts.join("\n")}\n`]]);
const keysOf = (rows: Rows) => rows.map(row => row.key);

/** The row that change number `i` is about: another one each time. */
const nth = (rows: Rows, i: number) => (i * 7919) % rows.length;

const with_ = (rows: Rows, at: number, row: Partial<Rows[number]>) =>
  rows.map((old, i) => (i === at ? { ...old, ...row } : old));

const changes: Record<string, Change> = {
  "one text": {
    rows: (rows, i) => with_(rows, nth(rows, i), { title: `Changed ${i}` }),
    patch: (_, after, i) => rowPatch(after, i),
    byHand(body, row, at) {
      (body.rows[at]!.cells[1]!.firstChild as Text).data = row.cells[1]!.textContent;
    },
  },
  "one attribute": {
    rows: (rows, i) => with_(rows, nth(rows, i), { done: !rows[nth(rows, i)]!.done }),
    patch: (_, after, i) => rowPatch(after, i),
    byHand(body, row, at) {
      body.rows[at]!.className = row.className;
      body.rows[at]!.querySelector("button")!.textContent = row.querySelector("button")!.textContent;
    },
  },
  append: {
    rows: (rows, i) => [...rows, fresh(i)],
    patch: (rows, after) => inBody(keep([[rows[0]!.key, rows.at(-1)!.key]]), rowHtml(after.at(-1)!, true)),
    byHand: (body, row) => body.append(row, "\n"),
  },
  prepend: {
    rows: (rows, i) => [fresh(i), ...rows],
    patch: (rows, after) => inBody(rowHtml(after[0]!, true), keep([[rows[0]!.key, rows.at(-1)!.key]])),
    byHand: (body, row) => body.prepend(row, "\n"),
  },
  "remove first": {
    rows: rows => rows.slice(1),
    patch: (_, after) => inBody(keep([[after[0]!.key, after.at(-1)!.key]])),
    byHand(body) {
      body.firstChild!.remove();
      body.firstChild!.remove();
    },
  },
  swap: {
    rows: rows => [rows[0]!, rows.at(-2)!, ...rows.slice(2, -2), rows[1]!, rows.at(-1)!],
    patch(_, after) {
      const keys = keysOf(after);
      return inBody(keep([[keys[0]!], [keys[1]!], [keys[2]!, keys.at(-3)!], [keys.at(-2)!], [keys.at(-1)!]]));
    },
    byHand(body) {
      const [one, other] = [body.rows[1]!, body.rows[body.rows.length - 2]!];
      const mark = other.nextSibling;
      body.insertBefore(other, one);
      body.insertBefore(one, mark);
    },
  },
  reverse: {
    rows: rows => [...rows].reverse(),
    patch: (_, after) => inBody(keep(keysOf(after).map(key => [key]))),
    byHand(body) {
      const rows = [...body.rows];
      for (const row of rows.slice(1)) body.insertBefore(row, body.firstChild);
    },
  },
};

const rowPatch = (rows: Rows, i: number) => {
  const row = rows[nth(rows, i)]!;
  return JSON.stringify([[`c0.4.${row.key}`, rowHtml(row)]]);
};

const fresh = (i: number) => ({ key: 100_000 + i, title: `Fresh ${i}`, quantity: i, done: false });

const start = (count: number): Rows =>
  Array.from({ length: count }, (_, i) => ({
    key: i + 1,
    title: `Row ${i + 1}`,
    quantity: i % 7,
    done: i % 3 === 0,
  }));

function checkRows(rows: Rows, name: string): void {
  const shown = Array.from(place.querySelectorAll<HTMLTableRowElement>("tbody tr"), row =>
    Array.from(row.cells, cell => cell.textContent).join(" "),
  );
  const meant = rows.map(row => `${row.key} ${row.title} ${row.quantity} ${row.done ? "done" : "open"} ×`);
  if (shown.join() !== meant.join()) throw new Error(`${name}: the table is not what it should be`);
}

/**
 * @param cold whether the last change is laid out before the next one
 * @returns the median of `times` measurements, in microseconds
 */
async function measure(
  who: string,
  what: string,
  count: number,
  times: number,
  cold: boolean,
): Promise<number> {
  const contender = contenders[who]!;
  if (!who.startsWith("livecomp")) pauseWatching(); // the others do not pay for this client's observer
  const change = changes[what]!;
  let rows = start(count);
  await contender.show(rows);
  const taken: number[] = [];
  const warm = times >> 2; // changes until the browser has compiled what is measured
  for (let i = 0; i < warm + times; i++) {
    const after = change.rows(rows, i);
    const run = contender.change(rows, after, change, i);
    if (cold) document.body.offsetHeight;
    const started = performance.now();
    run();
    if (i >= warm) taken.push(performance.now() - started);
    rows = after;
    if (i % 16 === 15) await new Promise(resolve => setTimeout(resolve));
  }
  checkRows(rows, `${who}, ${what}`);
  taken.sort((a, b) => a - b);
  return taken[times >> 1]! * 1000;
}

const api = { contenders: Object.keys(contenders), changes: Object.keys(changes), measure };

Object.assign(window, { bench: api, HEAD, TAIL });

export type Bench = typeof api;
