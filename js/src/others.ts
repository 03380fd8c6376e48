/**
 * What others changed: the user, other scripts, browser extensions, our own commands and loading states.
 *
 * The page itself is the client's only copy of what the server said last. It stops being that where somebody else
 * changes it, so those changes are watched, and only they are remembered:
 *
 * - An attribute that others changed: the server's last word on it. A morph compares the server's new word with
 *   that; where the server says what it said before, the page stays as others made it. So a `<details>` that the
 *   user opened stays open, one that the server closes is closed, and a class added by a script stays.
 * - Content that others wrote (a hook, a translation, the user in a `contenteditable`): what the server last said in its
 *   place. Said again it changes nothing, so a component that is sent anew leaves it alone.
 * - An element that others put among the server's: foreign. It stays, and is taken for none of the server's.
 *   Where others took away or replaced something of the server's (a translation does), what they put there is
 *   not foreign but a stand-in, and gives way to the server's next word. So does content they wrote as a whole.
 *
 * Morphs pause the watching, so that it costs them nothing and never sees their own changes.
 */
import { childNodes, contains, doc, getAttribute, isConnected, isElement, own, parentNode } from "./native";

type Words = Map<string, string | null>;

/** Element -> attribute -> the server's last word, where the page says something else. */
export const words = new Map<Element, Words>();

/** What the server last put into an element: elements, and the texts and comments between them. */
export type ContentWord = readonly (Element | string | null)[];

/** Element -> the server's last word on its content, where others have written something else. */
export const contents = new Map<Node, ContentWord>();

/** Elements that others put among the server's, and those on their way out. */
export const foreign = new WeakSet<Node>();

/** What others moved to the end of the page (a dialog, a menu) -> the parent that it was taken out of and belongs to. */
const moved = new Map<Node, Node>();

const observer = new MutationObserver(note);
let pauses = 1;

/** From here on, changes are those of others (unless a morph is going on around this one). */
export function watchOthers(): void {
  const all = { attributeOldValue: true, characterDataOldValue: true, childList: true, subtree: true };
  if (!--pauses) observer.observe(document, all);
}

/** From here on, changes are the morph's. */
export function pauseWatching(): void {
  takeInOthers();
  if (!pauses++) observer.disconnect();
}

/** Takes in what others have changed up to now. */
export function takeInOthers(): void {
  if (!pauses) note(observer.takeRecords());
}

/** The server's last word on an attribute, whatever the page says now; null: there is none. */
export function serverWord(element: Element, name: string): string | null {
  const word = words.get(element)?.get(name);
  return word === undefined ? getAttribute(element, name) : word;
}

/** Remembers the server's word on an attribute, if the page says something else. */
export function setServerWord(element: Element, name: string, word: string | null): void {
  const known = words.get(element);
  if (word !== getAttribute(element, name)) words.set(element, (known ?? new Map()).set(name, word));
  else known?.delete(name);
}

/** Whether others put an element into the page, or one that it is in: a copy of the server's, say. */
export function isForeign(element: Node): boolean {
  for (let on: Node | null = element; on; on = parentNode(on)) if (foreign.has(on)) return true;
  return false;
}

/** Takes note that an element, if it is in the body by now, belongs to another parent. */
export function noteMove(node: Node, parent: Node): void {
  if (parentNode(node) === doc.body && parent !== doc.body) moved.set(node, parent);
}

/** What was moved away out of an element or, where `isDeep`, out of anything in it. */
export const movedFrom = (parent: Node, isDeep?: boolean): Node[] =>
  [...moved.keys()].filter(node => {
    const owner = moved.get(node)!;
    return owner === parent || (isDeep && contains(parent, owner));
  });

/** The parent of a node, or the one that it belongs to; a shadow tree's is its host. */
export const ownerOf = (node: Node): Node | null =>
  moved.get(node) ?? parentNode(node) ?? (node instanceof ShadowRoot ? node.host : null);

/** Whether a node is in an element, or was before others moved it. */
export function belongsTo(element: Element, node: Node): boolean {
  for (let on: Node | null = node; on; on = ownerOf(on)) if (on === element) return true;
  return false;
}

/** Adds all elements in `root` that others changed or took something out of, and all that are on the way to them. */
export function pathsToChanges(root: Element, paths: Set<Node>): void {
  for (const element of [...words.keys(), ...contents.keys(), ...moved.values()])
    for (
      let on: Node | null = contains(root, element) ? element : root;
      on && on !== root;
      on = parentNode(on)
    )
      paths.add(on);
}

function note(records: MutationRecord[]): void {
  const added = new Set<Node>();
  const takenOut = new Set<Node>();
  /** Whether what others put into a parent is content of their own making, and not something beside the server's. */
  const rewritten = new Map<Node, boolean>();
  for (const { target, attributeName, oldValue, addedNodes, removedNodes } of records) {
    if (attributeName) {
      const known: Words = words.get(target as Element) ?? new Map();
      if (!known.has(attributeName)) words.set(target as Element, known.set(attributeName, oldValue));
    }
    for (const node of removedNodes) noteMove(node, target);
    for (const node of removedNodes)
      if (!foreign.has(node) && !added.has(node)) {
        rewritten.set(target, true);
        takenOut.add(node);
      }
    for (const node of addedNodes) added.add(node);
  }
  for (const node of added) {
    const parent = isElement(node) && parentNode(node);
    if (!parent) continue;
    if (!rewritten.has(parent)) rewritten.set(parent, !holdsOtherThan(parent, added));
    if (!rewritten.get(parent) && !takenOut.has(node)) foreign.add(node);
  }
  for (const node of moved.keys()) if (parentNode(node) !== doc.body) moved.delete(node);
  noteContents(records, added, takenOut);
  for (const [element, names] of words) {
    for (const [name, word] of names) setServerWord(element, name, word);
    if (!names.size || !isConnected(element)) words.delete(element);
  }
}

/** Takes the records back, as far as the children of each element go, to learn what the server had put there. */
function noteContents(records: MutationRecord[], added: Set<Node>, takenOut: Set<Node>): void {
  const before = new Map<Node, Node[]>();
  const texts = new Map<Node, string | null>();
  for (const { type, target, oldValue, removedNodes, nextSibling } of records.toReversed()) {
    const parent = type === "characterData" ? parentNode(target) : target;
    if (type === "attributes" || !parent || contents.has(parent)) continue;
    const children = before.get(parent) ?? [...childNodes(parent)];
    children.splice(
      nextSibling ? children.indexOf(nextSibling as ChildNode) : children.length,
      0,
      ...removedNodes,
    );
    before.set(parent, children as ChildNode[]);
    texts.set(target, oldValue);
  }
  for (const [parent, children] of before) {
    const isOthers = (node: Node) => added.has(node) && parentNode(node) === parent;
    const isWritten = (node: Node) => texts.has(node) || (isOthers(node) && !foreign.has(node));
    const servers = children.filter(
      node => !foreign.has(node) && (takenOut.has(node) ? !isOthers(node) : !added.has(node)),
    );
    const word = servers.map(node => (isElement(node) ? node : (texts.get(node) ?? node.nodeValue)));
    // What was only taken out comes back with the server's next word, and a text in pieces is one again.
    const isText = word.join("") === own(parent).textContent && !children.some(isElement);
    if (!isText && children.some(node => isWritten(node) && parentNode(node) === parent))
      contents.set(parent, word);
  }
  for (const parent of contents.keys()) if (!isConnected(parent)) contents.delete(parent);
}

/** Whether a parent has content, not just white space, beside what was added and what is foreign. */
const holdsOtherThan = (parent: Node, added: Set<Node>): boolean =>
  [...childNodes(parent)].some(
    child => !added.has(child) && !foreign.has(child) && (isElement(child) || child.nodeValue!.trim()),
  );

watchOthers();
