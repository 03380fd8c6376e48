// CodeMirror brings its styles along and would put them into a <style> element, which the site's
// Content-Security-Policy forbids. As constructed style sheets they are scripts' work, and allowed.

import { StyleModule } from "style-mod";

const mount = StyleModule.mount;
const adopting = {
  ownerDocument: document,
  get adoptedStyleSheets() {
    return document.adoptedStyleSheets;
  },
  set adoptedStyleSheets(sheets) {
    document.adoptedStyleSheets = sheets;
  },
};

StyleModule.mount = (root, modules, options) => mount(root === document ? adopting : root, modules, options);
