// @ts-check
// The list of layers as a whole: the stack as text and as rows, both ways in step.
import { el, iconButton } from "../shared/dom.js";
import { themeOf } from "../shared/theme.js";
import { createWelcome } from "../shared/welcome.js";
import { createStackDraft } from "./draft.js";
import { createFolds } from "./folds.js";
import { createFocus } from "./focus.js";
import { createList } from "./list.js";
import { announcement, showCautions, showMessage } from "./messages.js";
import { createRefusals } from "./refusals.js";
import { showResults } from "./results.js";
import { createSettings } from "./settings.js";
import { BOTH_SIDES, createSplit } from "./split.js";
import { PAUSE, createTyping } from "./typing.js";
import { listenForUndo } from "./undo.js";

/** @typedef {import("./contract.js").StackFrame} Frame */

const MOST_LINES = 14; // of the editor, until somebody makes it larger

/**
 * @param {HTMLElement} root
 * @param {{send: (edit: object) => void}} host
 */
export function createStack(root, host) {
  /** @type {Frame | null} */
  let frame = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let typed = false; // something stands in the editor that has not been sent

  /** @type {import("./contract.js").Actions} */
  const actions = {
    set: (fields, kind) => draft.change({ fields: { ...unsentText(), ...fields }, kind }),
    change: (edit, { focus = null, key = "", kind } = {}) => draft.change({ fields: unsentText(), edit, kind, before: () => focused.want(focus, key) }),
    repair(cure) {
      editor.value = cure.text;
      typed = false;
      actions.set({ text: cure.text, ...(cure.loss ? { loss: cure.loss } : {}) });
    },
    redraw(focus) {
      if (!frame) return;
      if (focus !== undefined) focused.want(null, focus);
      draw(frame, true);
    },
  };
  const draft = createStackDraft((sent) => host.send(sent));
  const folds = createFolds();
  const refusals = createRefusals();
  const typing = createTyping();
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
  const undo = iconButton("undo", "Undo (Ctrl+Z)", () => travel("undo"), { "data-testid": "stack-undo" });
  const redo = iconButton("redo", "Redo (Ctrl+Shift+Z)", () => travel("redo"), { "data-testid": "stack-redo" });
  const settings = createSettings(actions, refusals, typing, undo, redo);
  const list = createList(actions, folds, refusals, typing);
  const announced = el("div", { class: "announced", "aria-live": "polite" });
  const cautions = el("div", { class: "cautions", "data-testid": "cautions" });
  const results = el("div", { class: "results", "data-testid": "results" });
  const side = el("div", { class: "side" }, editor, message, settings.root, announced, cautions);
  const pane = el("div", { class: "pane", id: "layers-pane" }, el("div", { class: "columns" }, side, el("div", { class: "main" }, list.root, results)));
  const split = createSplit(root, pane.id);
  const welcome = createWelcome("layers");
  root.classList.add("stack");
  root.append(pane, split.element);

  /** What was typed into the editor goes along with whatever is sent next. */
  function unsentText() {
    clearTimeout(timer);
    const fields = typed ? { text: editor.value } : {};
    typed = false;
    return fields;
  }
  function sendText() {
    if (typed) draft.change({ fields: unsentText(), kind: "text" });
  }
  /** @param {import("./undo.js").Direction} direction */
  function travel(direction) {
    sendText();
    const [wasTyping, wasRefused] = [typing.drop(), refusals.drop()];
    const document = draft.travel(direction, wasTyping || wasRefused);
    if (document) editor.value = document.text;
  }

  editor.addEventListener("input", () => {
    clearTimeout(timer);
    typed = true;
    timer = setTimeout(sendText, PAUSE);
  });
  const stopListening = listenForUndo(root, BOTH_SIDES, travel);
  root.addEventListener("keydown", (event) => event.stopPropagation()); // bare letters are shortcuts of the page around us

  /**
   * @param {Frame} next
   * @param {boolean} isAnswer
   */
  function draw(next, isAnswer) {
    focused.keep(() => {
      settings.update(next);
      list.update(next);
    }, isAnswer);
    undo.disabled = !draft.canUndo();
    redo.disabled = !draft.canRedo();
  }

  return {
    /** @param {Frame} next */
    update(next) {
      frame = next;
      root.dataset.theme = themeOf(root, null);
      split.show();
      welcome.show();
      const isAnswer = draft.accept(next);
      if (isAnswer) {
        if (!typed && editor.value !== next.document.text) editor.value = next.document.text;
        const lines = editor.value.split("\n").length;
        editor.rows = Math.min(Math.max(3, lines), MOST_LINES);
        editor.wrap = lines > 1 ? "off" : "soft"; // the lines of a class stay lines
        refusals.answered(next);
        focused.placed(next.place);
        announced.textContent = announcement(next);
      }
      folds.follow(next.rows);
      showMessage(message, next, editor.value, actions.repair);
      showCautions(cautions, next, actions.repair);
      showResults(results, next);
      draw(next, isAnswer);
      draft.goOn();
      root.dataset.listed = String(next.sequence);
    },
    stop() {
      clearTimeout(timer);
      typing.drop();
      welcome.stop();
      stopListening();
    },
  };
}
