// @ts-check
// The settings' side: the net as text with its shapes, the settings, and the button that trains.
import { copyButton, el, prose, replace } from "../shared/dom.js";
import { themeOf } from "../shared/theme.js";
import { createFields } from "./fields.js";
import { createNotes } from "./notes.js";
import { begin, createWelcome } from "../shared/welcome.js";
import { createAddress } from "./address.js";
import { ownerToken } from "./owner.js";

/** @typedef {import("./contract.js").SetupFrame} SetupFrame */

const TYPING_PAUSE = 300; // ms without a key before what was typed is sent

/**
 * @param {HTMLElement} root
 * @param {{send: (edit: object) => void, reopen: (address: object) => void}} host
 */
export function createSetup(root, host) {
  let sequence = 0;
  let owner = "";
  let typed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const editor = el("textarea", { class: "text", rows: "3", spellcheck: "false", autocapitalize: "off", "aria-label": "Layers", "data-testid": "train-text" });
  const message = el("div", { class: "message", role: "status", "data-testid": "train-problem" });
  const shapes = el("div", { class: "shapes", "data-testid": "train-shapes" });
  const go = el("button", { type: "button", class: "go", "data-testid": "train-go", title: "Ctrl Enter", onclick: () => send("train") }, "Train");
  const said = el("p", { class: "bad", role: "alert", "data-testid": "train-said" });
  const fields = createFields(() => later());
  const notes = createNotes(
    (changes) => send("", changes),
    () => send("folds"),
  );
  const welcome = createWelcome("train");
  const address = createAddress((search) => host.reopen({ search, number: performance.now() }), root);
  const link = copyButton("Copy link", () => location.href, { "data-testid": "train-link" });
  root.classList.add("training", "setup");
  root.append(el("div", { class: "row" }, go, link), said, editor, message, notes.root, shapes, fields.root);

  /** @param {Record<string, string | boolean>} [changes] */
  function send(what = "", changes = {}) {
    clearTimeout(timer);
    typed = false;
    if (what === "train") begin();
    sequence += 1;
    host.send({ sequence, owner, do: what, fields: { text: editor.value, ...fields.values(), ...changes } });
  }
  function later() {
    clearTimeout(timer);
    typed = true;
    timer = setTimeout(() => send(), TYPING_PAUSE);
  }
  editor.addEventListener("input", later);
  root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // bare letters are shortcuts of the page around us
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send("train");
    }
  });

  /** @param {{label: string, text: string}} repair */
  function mend(repair) {
    editor.value = repair.text;
    send();
  }

  /** @param {SetupFrame} frame */
  function showCheck({ check }) {
    const { problem } = check;
    const rows = check.rows.map((row) => el("li", {}, el("code", {}, row.text), el("span", { class: "gives" }, row.gives)));
    if (check.parameters !== null)
      rows.push(el("li", { class: "sum" }, el("span", {}, "parameters"), el("span", { class: "gives" }, check.parameters.toLocaleString("en"))));
    const first = check.input ? el("li", {}, el("span", {}, "one example"), el("span", { class: "gives" }, check.input)) : null;
    const { classes } = check;
    const names = classes.length ? el("li", {}, el("span", {}, `${classes.length} classes`), el("span", { class: "names" }, classes.join(", "))) : null;
    replace(shapes, el("ul", { "aria-label": "Shapes" }, first, names, ...rows));
    if (!problem) return replace(message);
    const repairs = problem.repairs.map((repair) => el("button", { type: "button", class: "cure", onclick: () => mend(repair) }, repair.label));
    replace(
      message,
      el("p", { class: "bad" }, ...prose(problem.message)),
      problem.hint && repairs.length === 0 ? el("p", {}, ...prose(problem.hint)) : null,
      repairs.length ? el("div", { class: "row" }, ...repairs) : null,
    );
  }

  return {
    /** @param {SetupFrame} frame */
    update(frame) {
      root.dataset.theme = themeOf(root, null);
      welcome.show();
      owner = ownerToken(frame.owner);
      const isAnswer = frame.sequence >= sequence;
      if (isAnswer) {
        sequence = frame.sequence;
        if (!typed) {
          if (editor.value !== frame.text) editor.value = frame.text;
          fields.update(frame.fields);
          showCheck(frame);
          notes.update(frame);
        }
        said.textContent = frame.said;
        said.className = frame.waits ? "note" : "bad";
      }
      address.show(frame.query, frame.chosen);
      root.dataset.answered = String(frame.sequence);
    },
    stop() {
      clearTimeout(timer);
      welcome.stop();
      address.stop();
    },
  };
}
