// @ts-check
// The text: a plain textarea over a mirror with the same metrics, which carries the marks.
import { createDebounce } from "../../shared/debounce.js";
import { el, prose, replace } from "../../shared/dom.js";
import { lineAndColumn, markedPieces, unitPositions } from "./text_positions.js";

/** @typedef {import("../contract.js").PageError} PageError */
/** @typedef {import("./text_positions.js").Mark} Mark */

/**
 * @param {{onInput: (text: string, kind: string) => void, onCaret: (position: number) => void, onRepair: (error: PageError) => void, suggest: import("./suggestions.js").Suggest | null}} actions
 *   `kind`: what undo takes together; `suggest`: makes the suggestions, where a text can be edited
 */
export function createEditor({ onInput, onCaret, onRepair, suggest }) {
  const mirror = el("div", { class: "mirror", "aria-hidden": "true" });
  const area = el("textarea", {
    class: "area",
    "data-testid": "editor",
    "aria-label": "Expression",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    autocorrect: "off",
    rows: 1,
  });
  const message = el("div", { class: "error", "data-testid": "error", role: "status", hidden: true });
  const paper = el("div", { class: "paper" }, mirror, area);
  const element = el("div", { class: "editor" }, el("div", { class: "sheet" }, paper), message);
  /** @type {Mark[]} */
  let marks = [];
  /** @type {Mark[]} */
  let wrong = [];

  const paint = () => {
    const pieces = markedPieces(area.value, [...marks, ...wrong]);
    replace(
      mirror,
      ...pieces.map(({ text, names }) => {
        if (names.length === 0) return document.createTextNode(text);
        const piece = el("mark", { class: names.join(" ") }, text);
        return names.includes("wrong") && text.trim() === "" ? el("span", {}, el("mark", { class: "wrong gap" }), text) : piece;
      }),
      "\u200b",
    );
  };
  const debounced = createDebounce(showError);
  const suggestions = suggest?.({ area, mirror, around: element }) ?? null;
  area.addEventListener("input", () => {
    debounced.typed();
    marks = [];
    wrong = [];
    paint();
    onInput(area.value, suggestions?.isWriting() ? "inserted" : "text");
    suggestions?.typed();
  });
  area.addEventListener("click", () => {
    if (area.selectionStart === area.selectionEnd) onCaret(area.selectionStart);
  });

  /** @param {PageError | null} error */
  function showError(error) {
    const own = error !== null && error.leaf === null;
    const toUnits = unitPositions(area.value);
    wrong = own ? [{ start: toUnits(error.start), end: toUnits(error.end), name: "wrong" }] : [];
    area.setAttribute("aria-invalid", String(own));
    paint();
    message.hidden = error === null;
    if (error === null) return message.replaceChildren();
    const { line, column } = lineAndColumn(area.value, toUnits(error.start));
    const where = own ? `Line ${line}, column ${column}: ` : "";
    replace(
      message,
      el("p", {}, el("span", { class: "where" }, where), ...prose(error.message)),
      error.hint ? el("p", { class: "hint" }, ...prose(error.hint)) : null,
      error.repair ? el("button", { type: "button", class: "text-button", "data-testid": "repair", onclick: () => onRepair(error) }, error.repair.label) : null,
    );
  }

  return {
    element,
    text: () => area.value,
    /** @param {string} text */
    setText(text) {
      if (area.value === text) return;
      const atEnd = area.selectionStart === area.value.length;
      const caret = area.selectionStart;
      area.value = text;
      const next = atEnd ? text.length : Math.min(caret, text.length);
      area.setSelectionRange(next, next);
      marks = [];
      wrong = [];
      paint();
    },
    /** @param {boolean} editable */
    setEditable(editable) {
      area.readOnly = !editable;
      element.classList.toggle("read-only", !editable);
    },
    /** @param {Mark[]} next */
    mark(next) {
      marks = next;
      paint();
    },
    /** An error in the text or in a leaf; null where all is well. */
    setError: debounced.set,
    focus: () => area.focus(),
    /** Writes a call of a function at the caret. */
    insert: (/** @type {string} */ name, /** @type {string} */ signature) => suggestions?.insert(name, signature),
    stop: debounced.stop,
  };
}
