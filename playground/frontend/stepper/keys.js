// @ts-check
// The keyboard shortcuts. `commandFor` is pure; the list behind `?` is the same table in words.

/** @typedef {"text" | "range" | "select" | "tab" | "button" | "item" | "row" | "other"} Place */

const STEPPING = { ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last" };
const ZOOMING = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", _: "zoom-out", 0: "fit", "?": "help", "/": "search" };
const BRACKETS = { "[": "phase-back", "]": "phase-on" };

export const KEY_LIST = [
  ["← →", "one step back, forward"],
  ["[ ]", "to the start of the phase, to the next phase: forward, backward, update"],
  ["Home End", "before the first step, after the last"],
  ["Space", "play, pause"],
  ["+ − 0", "zoom in, zoom out, fit the graph"],
  ["/ Ctrl F", "search the graph for a name, an operation, a module"],
  ["Tab", "to the next control, node or edge"],
  ["↑ ↓", "from node to node in the graph, from row to row in the table"],
  ["Enter", "select the node, edge or row; once more opens a module, or looks inside a call"],
  ["o", "open the module that is selected"],
  ["Shift O", "close the module around what is selected"],
  ["Esc", "clear the selection"],
  ["b", "keep this as “before” and compare with it what you change; once more ends it"],
  ["Ctrl Z", "undo an edit of text or values"],
  ["Ctrl Shift Z", "redo (also Ctrl Y)"],
  ["?", "this list"],
];

/**
 * The command for a key pressed at some place, or null where the key keeps its ordinary meaning.
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} event
 * @param {Place} place
 * @returns {string | null}
 */
export function commandFor(event, place) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (key in BRACKETS && (altKey || !ctrlKey) && !metaKey && place !== "text" && place !== "select")
    return BRACKETS[/** @type {keyof typeof BRACKETS} */ (key)]; // AltGr is both, Option one
  if (ctrlKey || metaKey) {
    if (altKey) return null;
    if (key.toLowerCase() === "f" && !shiftKey) return place === "text" ? null : "search";
    if (key.toLowerCase() === "z") return shiftKey ? "redo" : "undo";
    return key.toLowerCase() === "y" ? "redo" : null;
  }
  if (altKey) return null;
  if (key === "Escape") return "clear";
  if (place === "text") return null;
  if (key in STEPPING) {
    const keeps = place === "range" || place === "select" || place === "tab";
    return keeps ? null : STEPPING[/** @type {keyof typeof STEPPING} */ (key)];
  }
  if (place === "item" || place === "row") {
    if (key === "ArrowUp") return "previous";
    if (key === "ArrowDown") return "next";
    if (key === "Enter" || key === " ") return "select";
  }
  if ((key === "o" || key === "O") && (place === "item" || place === "other")) return key === "o" ? "open" : "close";
  if (key === "b" && place !== "select" && place !== "tab") return "compare";
  if (key === " ") return place === "other" || place === "range" ? "play" : null;
  if (place === "select") return null;
  return key in ZOOMING ? ZOOMING[/** @type {keyof typeof ZOOMING} */ (/** @type {unknown} */ (key))] : null;
}

const OVER_THE_PAGE = "dialog[open], [role=dialog], [role=menu], [role=listbox]:not([hidden]), [data-testid=stPopoverBody]";

/**
 * Has the commands obeyed for which keys are pressed in the stepper. A key that is pressed there is for nobody else.
 * @param {HTMLElement} root
 * @param {{takes: (command: string) => boolean, obey: (command: string, target: Element) => void}} stepper
 * @returns {() => void} what to do when the stepper leaves the page
 */
export function listenToKeys(root, { takes, obey }) {
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const { target } = event;
    if (!(target instanceof Element)) return;
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && root.contains(target)) event.stopPropagation();
    if (event.isComposing || event.defaultPrevented) return;
    const command = commandFor(event, placeOf(target));
    if (command === null || !takes(command)) return;
    event.preventDefault();
    event.stopPropagation();
    obey(command, target);
  };
  root.addEventListener("keydown", onKey);
  return listenWhenIdle(root, onKey);
}

/**
 * Keys pressed while nothing has the focus are for the stepper in sight, unless something is open over the page or
 * another one took them.
 * @param {HTMLElement} root
 * @param {(event: KeyboardEvent) => void} onKey
 * @returns {() => void} what to do when the stepper leaves the page
 */
function listenWhenIdle(root, onKey) {
  /** @param {KeyboardEvent} event */
  const listener = (event) => {
    const isIdle = event.target === document.body || event.target === document.documentElement;
    const { bottom, top, width } = root.getBoundingClientRect();
    const isInSight = width > 0 && bottom > 0 && top < innerHeight;
    if (isIdle && isInSight && !event.defaultPrevented && !document.querySelector(OVER_THE_PAGE)) onKey(event);
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}

/**
 * @param {Element} target
 * @returns {Place}
 */
export function placeOf(target) {
  if (target.matches("textarea, input[type=text], input[type=number]")) return "text";
  if (target.matches("[data-testid=scrub]")) return "other";
  if (target.matches("input[type=range]")) return "range";
  if (target.matches("select")) return "select";
  if (target.matches("[role=tab]")) return "tab";
  if (target.matches(".graph .item, .graph .toggle")) return "item";
  if (target.matches("tr[data-key]")) return "row";
  if (target.matches("button, input, summary, a")) return "button";
  return "other";
}
