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
  if (placed.every((item, i) => !i || places[item]! > places[placed[i - 1]!]!)) return new Set(placed);

  // A Fenwick tree over the places: the item that ends the heaviest rising sequence up to there.
  const ends: number[] = new Array(size + 1).fill(-1);
  const weights: Record<number, number> = { [-1]: 0 };
  const before: number[] = [];
  let heaviest = -1;
  for (const item of placed) {
    let end = -1;
    const place = places[item]! + 1;
    for (let at = place - 1; at; at &= at - 1) if (weights[ends[at]!]! > weights[end]!) end = ends[at]!;
    before[item] = end;
    weights[item] = weights[end]! + weigh(item);
    for (let at = place; at <= size; at += at & -at)
      if (weights[item]! > weights[ends[at]!]!) ends[at] = item;
    if (weights[item]! > weights[heaviest]!) heaviest = item;
  }
  const stay = new Set<number>();
  for (; heaviest >= 0; heaviest = before[heaviest]!) stay.add(heaviest);
  return stay;
}
