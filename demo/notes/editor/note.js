// The hook between livecomp and the editor: CodeMirror shows a Yjs document, the server holds the same with pycrdt.
// Updates go up in small bundles; what others write comes down as the event "changed". After every (re)connect both
// sides say how far they have got and exchange the rest, so nothing is lost whatever the connection did in between.

import { defaultKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import * as Y from "yjs";
import { carets } from "./carets.js";
import "./styles.js";

const SERVER = "server"; // origin of updates that came from it
const PAUSE = 80; // milliseconds of typing that go up together
const LONGEST = 20_000; // characters of a note

const encode = (bytes) => btoa(String.fromCharCode(...bytes));
const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const Note = {
  mounted() {
    this.doc = new Y.Doc();
    this.waiting = [];
    this.carets = carets(this.doc, (head) => this.pushEvent("point", { head: encode(head) }));
    this.doc.on("update", (update, origin) => origin === SERVER || this.write(update));
    this.handleEvent("opened", ({ vector }) => this.write(Y.encodeStateAsUpdate(this.doc, decode(vector))));
    this.handleEvent("changed", ({ update }) => this.read(decode(update)));
    this.handleEvent("pointed", ({ who, hue, head }) => this.carets.show(this.view, { who, hue, head: decode(head) }));
    this.open();
  },
  reconnected() {
    this.open();
  },
  destroyed() {
    this.view?.destroy();
    this.doc.destroy();
  },
  open() {
    this.pushEvent("open", { vector: encode(Y.encodeStateVector(this.doc)) });
  },
  read(update) {
    Y.applyUpdate(this.doc, update, SERVER);
    this.view ??= editor(this.el, this.doc.getText("text"), this.carets.extension);
  },
  write(update) {
    this.waiting.push(update);
    this.sending ??= this.send();
  },
  async send() {
    while (this.waiting.length) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      const update = Y.mergeUpdates(this.waiting.splice(0));
      const error = await this.pushEvent("write", { update: encode(update) });
      if (error) this.open();
    }
    this.sending = undefined;
  },
};

function editor(parent, text, extension) {
  parent.replaceChildren();
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "Text of the note" }),
        EditorState.changeFilter.of(({ newDoc, docChanged }) => !docChanged || newDoc.length <= LONGEST),
        keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
        yCollab(text, null),
        extension,
      ],
    }),
  });
}

window.livecomp.hooks({ Note });
