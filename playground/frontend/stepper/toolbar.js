// @ts-check
// The row of buttons above the graph, and the list of keyboard shortcuts.
import { copyButton, el, iconButton } from "../shared/dom.js";
import { GLOSSARY } from "../shared/glossary.js";
import { KEY_LIST } from "./keys.js";
import { createMenu } from "./menu.js";

/** @typedef {import("./contract.js").GraphKind} GraphKind */

/** @type {[GraphKind, string, string][]} */
const GRAPHS = [
  ["forward", "Forward", "Choose the drawing: what is computed, from the leaves to the result. The steps stay the same."],
  ["backward", "Backward", "Choose the drawing: PyTorch's backward graph, from the result to the leaves. The steps stay the same."],
  ["both", "Both", "Choose the drawing: both graphs, side by side. The steps stay the same."],
];

/**
 * @param {{
 *   onGraph: (graph: GraphKind) => void, onView: (command: string) => void, onSave: (format: "svg" | "png") => void,
 *   onTurn: () => void, onToggle: (mark: string) => void,
 *   onHistory: (command: "undo" | "redo") => void, onHelp: () => void, address: () => string,
 *   compare: HTMLElement | null,
 * }} actions
 */
export function createToolbar({ onGraph, onView, onTurn, onSave, onToggle, onHistory, onHelp, address, compare }) {
  const graphs = el("div", { class: "segmented", role: "group", "aria-label": "Which graph is drawn" });
  for (const [name, title, about] of GRAPHS) {
    graphs.append(el("button", { type: "button", title: about, "data-graph": name, "data-testid": `graph-${name}`, onclick: () => onGraph(name) }, title));
  }
  const undo = iconButton("undo", "Undo (Ctrl Z)", () => onHistory("undo"), { "data-testid": "undo" });
  const redo = iconButton("redo", "Redo (Ctrl Shift Z)", () => onHistory("redo"), { "data-testid": "redo" });
  const turn = iconButton("sideways", "From left to right", onTurn, { "data-testid": "turn", "aria-pressed": "false" });
  const zooms = el(
    "div",
    { class: "buttons", role: "group", "aria-label": "Zoom" },
    iconButton("minus", "Zoom out (−)", () => onView("zoom-out"), { "data-testid": "zoom-out" }),
    iconButton("fit", "Fit the graph (0)", () => onView("fit"), { "data-testid": "zoom-fit" }),
    iconButton("plus", "Zoom in (+)", () => onView("zoom-in"), { "data-testid": "zoom-in" }),
    turn,
    iconButton("search", "Search the graph (/)", () => onView("search"), { "data-testid": "search" }),
  );
  const save = createMenu("Save picture", "save");
  const formats = /** @type {("svg" | "png")[]} */ (["svg", "png"]);
  save.offer(formats.map((format) => ({ title: format.toUpperCase(), testId: `save-${format}`, choose: () => onSave(format) })));
  const modules = el(
    "div",
    { class: "buttons modules", role: "group", "aria-label": "Modules" },
    el("button", { type: "button", class: "text-button", "data-testid": "open-all", onclick: () => onToggle("+*") }, "Open all"),
    el("button", { type: "button", class: "text-button", "data-testid": "close-all", onclick: () => onToggle("-*") }, "Close all"),
  );
  modules.hidden = true;
  const histories = el("div", { class: "buttons histories", role: "group", "aria-label": "History" }, undo, redo);
  const link = copyButton("Copy link", address, { "data-testid": "copy-link" });
  const help = el(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Keys and words (?)", title: "Keys and words (?)", "data-testid": "keys", onclick: onHelp },
    "?",
  );
  const element = el("div", { class: "toolbar" }, graphs, histories, modules, el("span", { class: "spring" }), zooms);
  element.append(...(compare ? [compare] : []), save.element, link, help);
  return {
    element,
    /** @param {GraphKind} graph */
    showGraph(graph) {
      for (const button of graphs.children) button.setAttribute("aria-pressed", String(button.getAttribute("data-graph") === graph));
    },
    /** @param {boolean} canUndo @param {boolean} canRedo */
    showHistory(canUndo, canRedo) {
      undo.setAttribute("aria-disabled", String(!canUndo));
      redo.setAttribute("aria-disabled", String(!canRedo));
    },
    /** @param {boolean} are */
    showModules(are) {
      modules.hidden = !are;
    },
    /** @param {boolean} isSideways */
    showTurned: (isSideways) => turn.setAttribute("aria-pressed", String(isSideways)),
    /** @param {{graphs: boolean, histories: boolean, link: boolean, turn: boolean, save: boolean}} wanted */
    offer(wanted) {
      turn.hidden = !wanted.turn;
      graphs.hidden = !wanted.graphs;
      histories.hidden = !wanted.histories;
      link.hidden = !wanted.link;
      save.element.hidden = !wanted.save;
    },
  };
}

/** The list of keys and words; it is made when it is first opened. */
export function createHelp() {
  const dialog = el("dialog", { class: "help", "aria-label": "Keys and words", "data-testid": "help" });
  const close = () => dialog.close();
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  const fill = () => {
    const keys = KEY_LIST.map(([keys, meaning]) =>
      el("tr", {}, el("th", { scope: "row" }, ...keys.split(" ").map((key) => el("kbd", {}, key))), el("td", {}, meaning)),
    );
    const words = Object.entries(GLOSSARY).flatMap(([chapter, terms]) => [
      el("h3", {}, chapter),
      el("dl", {}, ...Object.entries(terms).flatMap(([term, meaning]) => [el("dt", {}, term), el("dd", {}, meaning)])),
    ]);
    dialog.append(
      el("button", { type: "button", class: "text-button", onclick: close }, "Close"), // first: it has the focus, and is seen
      el("h2", {}, "Keys"),
      el("table", {}, el("tbody", {}, ...keys)),
      el("h2", {}, "Words"),
      ...words,
    );
  };
  return {
    element: dialog,
    show() {
      if (!dialog.firstChild) fill();
      dialog.showModal();
    },
  };
}
