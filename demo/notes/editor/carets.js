// Where the others' carets stand. A position is kept relative to the text around it, so it moves along with the text.

import { StateEffect } from "@codemirror/state";
import { Decoration, ViewPlugin, WidgetType } from "@codemirror/view";
import * as Y from "yjs";

const FORGET = 20_000; // milliseconds after which a caret that said nothing is taken away
const THROTTLE = 200; // milliseconds between two words about one's own
const changed = StateEffect.define();

class Caret extends WidgetType {
  constructor(who, hue) {
    super();
    this.who = who;
    this.hue = hue;
  }
  eq(other) {
    return other.who === this.who;
  }
  toDOM() {
    const caret = document.createElement("span");
    caret.className = `caret hue-${this.hue}`;
    caret.dataset.who = this.who; // shown by the style sheet: it is no part of the text
    return caret;
  }
}

/** The editor's extension, and `show` for what comes from the server. `moved` is told where one's own caret is. */
export function carets(doc, moved) {
  const others = new Map();
  let waiting;

  function tell(view) {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      const { head } = view.state.selection.main;
      moved(Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(doc.getText("text"), head)));
    }, THROTTLE);
  }

  function show(view, { who, hue, head }) {
    clearTimeout(others.get(who)?.timer);
    const forget = () => others.delete(who) && view.dispatch({ effects: changed.of(null) });
    others.set(who, { hue, head: Y.decodeRelativePosition(head), timer: setTimeout(forget, FORGET) });
    view?.dispatch({ effects: changed.of(null) });
  }

  function decorations(view) {
    const marks = [];
    for (const [who, { hue, head }] of others) {
      const at = Y.createAbsolutePositionFromRelativePosition(head, doc);
      if (at && at.index <= view.state.doc.length)
        marks.push(Decoration.widget({ widget: new Caret(who, hue), side: 1 }).range(at.index));
    }
    return Decoration.set(marks, true);
  }

  const plugin = ViewPlugin.define(
    (view) => ({
      decorations: decorations(view),
      update(update) {
        if (update.selectionSet || (update.docChanged && view.hasFocus)) tell(view);
        if (update.docChanged || update.transactions.some((transaction) => transaction.effects.length))
          this.decorations = decorations(view);
      },
    }),
    { decorations: (value) => value.decorations },
  );
  return { extension: plugin, show };
}
