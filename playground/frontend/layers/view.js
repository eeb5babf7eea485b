// @ts-check
// The list of layers as a whole: the stack as text and as rows, both ways in step.
import { el, iconButton } from "../shared/dom.js";
import { createHistory } from "../shared/history.js";
import { createFolds } from "./folds.js";
import { createFocus } from "./focus.js";
import { createList } from "./list.js";
import { createRefusals } from "./refusals.js";
import { showResults } from "./results.js";
import { createSettings } from "./settings.js";
import { announcement, showCautions, showMessage } from "./messages.js";
import { createSplit } from "./split.js";
import { themeOf } from "../shared/theme.js";

/** @typedef {import("./contract.js").StackFrame} Frame */
/** @typedef {import("./contract.js").StackDocument} StackDocument */

const MOST_LINES = 14; // of the editor, until somebody makes it larger
const PAUSE = 250; // ms without a key before a text is sent

/**
 * @param {HTMLElement} root
 * @param {{send: (edit: object) => void}} host
 */
export function createStack(root, host) {
  /** @type {Frame | null} */
  let frame = null;
  /** @type {StackDocument | null} */
  let draft = null;
  let sequence = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let typed = false; // something stands in the editor that has not been sent
  /** @type {ReturnType<typeof createHistory<StackDocument>> | null} */
  let history = null;
  let present = ""; // the document that the history stands at, as JSON
  let entries = 0;

  /** @type {import("./contract.js").Actions} */
  const actions = {
    set: (fields) => draft && send({ ...draft, text: editor.value, ...fields }),
    change(edit, focus = null, key = "") {
      if (!draft) return;
      focused.want(focus, key);
      send({ ...draft, text: editor.value }, edit);
    },
    repair(cure) {
      editor.value = cure.text;
      actions.set({ text: cure.text, ...(cure.loss ? { loss: cure.loss } : {}) });
    },
    redraw(focus) {
      if (!frame) return;
      if (focus !== undefined) focused.want(null, focus);
      draw(frame, true);
    },
  };
  const folds = createFolds();
  const refusals = createRefusals();
  const focused = createFocus(root);
  const editor = el("textarea", {
    class: "text",
    rows: "3",
    spellcheck: "false",
    "aria-label": "The stack as text",
    "data-testid": "stack-text",
    autocapitalize: "off",
  });
  const message = el("div", { class: "message", role: "status", "data-testid": "stack-error" });
  const undo = iconButton("undo", "Undo", () => travel(history?.undo()), { "data-testid": "stack-undo" });
  const redo = iconButton("redo", "Redo", () => travel(history?.redo()), { "data-testid": "stack-redo" });
  const settings = createSettings(actions, refusals, undo, redo);
  const list = createList(actions, folds, refusals);
  const announced = el("div", { class: "announced", "aria-live": "polite" });
  const cautions = el("div", { class: "cautions", "data-testid": "cautions" });
  const results = el("div", { class: "results", "data-testid": "results" });
  const side = el("div", { class: "side" }, editor, message, settings.root, announced, cautions);
  const pane = el("div", { class: "pane", id: "layers-pane" }, el("div", { class: "columns" }, side, el("div", { class: "main" }, list.root, results)));
  const split = createSplit(root, pane.id);
  root.classList.add("stack");
  root.append(pane, split.element);

  /**
   * @param {StackDocument} document
   * @param {object | null} edit
   */
  function send(document, edit = null) {
    clearTimeout(timer);
    typed = false;
    draft = document;
    sequence += 1;
    host.send({ sequence, document, edit });
  }

  /** @param {StackDocument | null | undefined} document */
  function travel(document) {
    if (!document) return;
    present = JSON.stringify(document);
    editor.value = document.text;
    send(document);
  }

  /**
   * The server's answer is what can be undone: a refused edit is none.
   * @param {StackDocument} document
   */
  function remember(document) {
    const answered = JSON.stringify(document);
    if (answered === present) return;
    if (history === null) history = createHistory(document);
    else history.push(document, String((entries += 1)), performance.now());
    present = answered;
  }

  editor.addEventListener("input", () => {
    clearTimeout(timer);
    typed = true;
    timer = setTimeout(() => actions.set({}), PAUSE);
  });
  root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // bare letters are shortcuts of the page around us
    const isText = event.target instanceof HTMLElement && event.target.matches("textarea, input[type=text]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !isText) {
      event.preventDefault();
      travel(event.shiftKey ? history?.redo() : history?.undo());
    }
  });

  /**
   * @param {Frame} next
   * @param {boolean} isAnswer
   */
  function draw(next, isAnswer) {
    focused.keep(() => {
      settings.update(next);
      list.update(next);
    }, isAnswer);
    undo.disabled = !history?.canUndo();
    redo.disabled = !history?.canRedo();
  }

  return {
    /** @param {Frame} next */
    update(next) {
      frame = next;
      root.dataset.theme = themeOf(root, null);
      split.show();
      const isAnswer = next.sequence >= sequence;
      if (isAnswer) {
        sequence = next.sequence;
        draft = next.document;
        if (!typed && editor.value !== next.document.text) editor.value = next.document.text;
        const lines = editor.value.split("\n").length;
        editor.rows = Math.min(Math.max(3, lines), MOST_LINES);
        editor.wrap = lines > 1 ? "off" : "soft"; // the lines of a class stay lines
        remember(next.document);
        refusals.answered(next);
        focused.placed(next.place);
        announced.textContent = announcement(next);
      }
      folds.follow(next.rows);
      showMessage(message, next, editor.value, actions.repair);
      showCautions(cautions, next, actions.repair);
      showResults(results, next);
      draw(next, isAnswer);
      root.dataset.listed = String(next.sequence);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
