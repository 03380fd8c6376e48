/**
 * Reordering with the fewest moves: what already stands in the right order stays, the rest is moved around it.
 *
 * @param places where each item stands now (its index among `size` places), in the order that is wanted;
 *   -1 for items that stand nowhere yet
 * @param weigh what moving an item would cost
 * @returns the indexes of the items that stay: the heaviest rising subsequence of `places`
 */
export function staying(places: number[], size: number, weigh: (item: number) => number): Set<number> {
  const rising = placed(places);
  if (rising.every((item, i) => !i || places[item]! > places[rising[i - 1]!]!)) return new Set(rising);

  // A Fenwick tree over the places: the item that ends the heaviest rising sequence up to a place.
  const ends: number[] = new Array(size + 1).fill(-1);
  const weights: number[] = [];
  const before: number[] = [];
  const heavier = (item: number, than: number) => than < 0 || weights[item]! > weights[than]!;
  let heaviest = -1;
  for (const item of rising) {
    let end = -1;
    for (let at = places[item]!; at > 0; at -= at & -at) {
      if (ends[at]! >= 0 && heavier(ends[at]!, end)) end = ends[at]!;
    }
    before[item] = end;
    weights[item] = weigh(item) + (weights[end] ?? 0);
    for (let at = places[item]! + 1; at <= size; at += at & -at)
      if (heavier(item, ends[at]!)) ends[at] = item;
    if (heavier(item, heaviest)) heaviest = item;
  }
  const stay = new Set<number>();
  for (let item = heaviest; item >= 0; item = before[item]!) stay.add(item);
  return stay;
}

const placed = (places: number[]) => [...places.keys()].filter(item => places[item]! >= 0);
