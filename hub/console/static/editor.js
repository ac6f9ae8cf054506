// A plain text area with line numbers beside it and its own text in colour beneath it.

import { colourNodes } from "./colours.js";

export class Editor {
  constructor(textarea) {
    this.textarea = textarea;
    const frame = textarea.closest(".editor");
    this.colours = frame.dataset.colours;
    this.gutter = frame.querySelector(".gutter");
    this.layer = frame.querySelector("pre");
    textarea.addEventListener("input", () => this.paint());
    textarea.addEventListener("scroll", () => this.follow());
    textarea.addEventListener("keydown", (event) => this.indent(event));
    this.paint();
  }

  get value() {
    return this.textarea.value;
  }

  set value(text) {
    this.textarea.value = text;
    this.textarea.setSelectionRange(0, 0);
    this.textarea.scrollTo(0, 0);
    this.paint();
  }

  insert(text) {
    this.textarea.focus();
    const { selectionStart, selectionEnd } = this.textarea;
    this.textarea.setRangeText(text, selectionStart, selectionEnd, "end");
    this.paint();
  }

  paint() {
    this.layer.replaceChildren(...colourNodes(this.value, this.colours), document.createTextNode("\n"));
    const lines = this.value.split("\n").length;
    this.gutter.textContent = Array.from({ length: lines }, (_, index) => index + 1).join("\n");
    this.follow();
  }

  follow() {
    this.layer.scrollTop = this.gutter.scrollTop = this.textarea.scrollTop;
    this.layer.scrollLeft = this.textarea.scrollLeft;
  }

  // Enter keeps the indent. Tab is left alone: it moves the focus, as everywhere on the page.
  indent(event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) return;
    const before = this.value.slice(0, this.textarea.selectionStart);
    const spaces = before.slice(before.lastIndexOf("\n") + 1).match(/^ */)[0];
    event.preventDefault();
    this.insert("\n" + spaces + (/[{([]\s*$/.test(before) ? "  " : ""));
  }
}
