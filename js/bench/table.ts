/** The table that is measured: its rows as data and as HTML. */

export interface Row {
  key: number;
  title: string;
  quantity: number;
  done: boolean;
}

export type Rows = readonly Row[];

export const HEAD = `
  <h1>Table</h1>
  <p>Title <b>x</b></p>
  <table><thead><tr><th>#</th><th>Title</th><th>Quantity</th><th></th><th></th></tr></thead>
  `;

export const TAIL = `</table>
`;

/** The parts of a row's HTML between its values: id, class, key, title, quantity, state. */
export const ROW = [
  '<tr id="row-',
  '" class="',
  '"><td>',
  "</td><td>",
  "</td><td>",
  '</td><td><button class="toggle" type="button">',
  '</button></td><td><button class="delete" type="button">×</button></td></tr>',
] as const;

export const valuesOf = ({ key, title, quantity, done }: Row): string[] =>
  [key, done ? "done" : "", key, title, quantity, done ? "done" : "open"].map(String);

/** @param address whether the row carries its address, as it does in the page and inside other patches */
export function rowHtml(row: Row, address = false): string {
  const values = valuesOf(row);
  const html = ROW.map((part, i) => part + (values[i] ?? "")).join("");
  return address ? html.replace("<tr", `<tr lc="c0.4.${row.key}"`) : html;
}

export const tableHtml = (rows: Rows, addresses: boolean): string =>
  [
    addresses ? '<section lc="c0.0">' : "<section>",
    HEAD,
    addresses ? '<tbody lc="c0.3">' : "<tbody>",
    rows.map(row => `${rowHtml(row, addresses)}\n`).join(""),
    "</tbody>",
    TAIL,
    "</section>",
  ].join("");

/** A keep of rows by key; a pair is a run. */
export const keep = (items: readonly (readonly [number, number?])[]): string =>
  `<template lc-keep="c0.4. ${items.map(([first, last]) => (last === undefined ? first : `${first}~${last}`)).join(" ")}">\n</template>`;
