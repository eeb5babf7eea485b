// @ts-check
// Finds what is drawn by what can be read on it: names, operations, modules. The first match is moved into view.
import { el, iconButton } from "../../shared/dom.js";

/** @typedef {import("./scene.js").Thing} Thing */

const LONGEST_SEARCH = 100; // characters that are looked for

/**
 * What is typed as v3 finds v₃, too.
 * @param {string} text
 */
const folded = (text) => text.normalize("NFKC").trim().toLowerCase();

/**
 * @param {{things: () => readonly Thing[], words: (thing: Thing) => string[], isSelected: (thing: Thing) => boolean,
 *   onMarked: (found: readonly Thing[], now: Thing | null) => void, onChosen: (thing: Thing) => void, onClose: () => void}} actions
 *   `things`: everything that can be found, in the order of the picture; `words`: what can be read on it
 */
export function createSearch({ things, words, isSelected, onMarked, onChosen, onClose }) {
  /** @type {Thing[]} */
  let found = [];
  let at = 0;
  const field = el("input", {
    type: "text",
    "aria-label": "Search the graph",
    placeholder: "name, operation or module",
    maxlength: LONGEST_SEARCH,
    "data-testid": "graph-search",
    oninput: () => look(),
  });
  const count = el("span", { role: "status", class: "found-count", "data-testid": "graph-found" });
  const element = el(
    "form",
    { class: "search", role: "search", hidden: true },
    field,
    count,
    iconButton("up", "The match before (Shift Enter)", () => go(-1)),
    iconButton("down", "The next match (Enter)", () => go(1)),
    iconButton("remove", "Close the search (Esc)", () => close()),
  );
  for (const type of ["pointerdown", "click", "dblclick"]) element.addEventListener(type, (event) => event.stopPropagation()); // not for the stage
  element.addEventListener("submit", (event) => event.preventDefault());
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target === field) go(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function mark() {
    const wanted = folded(field.value);
    count.textContent = !wanted ? "" : found.length ? `${at + 1} of ${found.length}` : "nothing drawn has that in it";
    onMarked(found, found[at] ?? null);
  }
  /** Looks anew. */
  function look() {
    const wanted = folded(field.value);
    found = wanted ? things().filter((thing) => words(thing).some((text) => folded(text).includes(wanted))) : [];
    at = 0;
    mark();
  }
  /** @param {1 | -1} direction */
  function go(direction) {
    if (found.length === 0) return;
    if (isSelected(found[at]) || direction < 0) at = (at + direction + found.length) % found.length; // the first Enter takes the first
    mark();
    onChosen(found[at]);
  }
  function close() {
    found = [];
    onMarked([], null);
    element.hidden = true;
    onClose();
  }

  return {
    element,
    isOpen: () => !element.hidden,
    open() {
      element.hidden = false;
      field.focus();
      field.select();
      look();
    },
    /** The picture is another one. */
    again: () => !element.hidden && look(),
  };
}
