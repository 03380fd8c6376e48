/**
 * Reordering with the fewest moves: what already stands in the right order stays, the rest is moved around it.
 *
 * @param places where each item stands now (its index among `size` places), in the order that is wanted;
 *   undefined for items that stand nowhere yet
 * @param weigh what moving an item would cost
 * @returns the indexes of the items that stay: the heaviest rising subsequence of `places`
 */
export function staying(
  places: (number | undefined)[],
  size: number,
  weigh: (item: number) => number,
): Set<number> {
  const placed = [...places.keys()].filter(item => places[item] !== undefined);
  // A Fenwick tree over the places: the item that ends the heaviest rising sequence up to there.
  const ends: number[] = [];
  const weights: number[] = [];
  const before: (number | undefined)[] = [];
  const weight = (item: number | undefined) => weights[item!] ?? 0;
  let heaviest: number | undefined;
  for (const item of placed) {
    const place = places[item]! + 1;
    let end: number | undefined;
    for (let at = place - 1; at; at &= at - 1) if (weight(ends[at]) > weight(end)) end = ends[at];
    before[item] = end;
    weights[item] = weight(end) + weigh(item);
    for (let at = place; at <= size; at += at & -at) if (weight(item) > weight(ends[at])) ends[at] = item;
    if (weight(item) > weight(heaviest)) heaviest = item;
  }
  const stay = new Set<number>();
  for (let item = heaviest; item !== undefined; item = before[item]) stay.add(item);
  return stay;
}
