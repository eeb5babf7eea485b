// @ts-check
// The list of suggestions under the word that is being typed. The text keeps the focus; nothing is chosen until an arrow
// chooses it, so that Enter stays a new line and Tab leaves the text.
import { el, replace, setAttribute } from "../../shared/dom.js";
import { suggestionsFor, wordAt, writtenFor } from "./completion.js";

/** @typedef {import("./completion.js").Known} Known */
/** @typedef {import("./completion.js").Suggestion} Suggestion */
/** @typedef {import("./completion.js").Word} Word */

const LIST_AFTER = 120; // ms after a key until the list follows: the graph of the new text comes first

let lists = 0;

/**
 * Where a position of the text stands on the screen.
 * @param {HTMLElement} mirror
 * @param {number} position
 */
function placeInText(mirror, position) {
  const texts = document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let left = position;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const { length } = /** @type {Text} */ (node);
    if (left <= length) {
      range.setStart(node, left);
      return range.getBoundingClientRect();
    }
    left -= length;
  }
  return mirror.getBoundingClientRect();
}

/** @typedef {{area: HTMLTextAreaElement, mirror: HTMLElement, around: HTMLElement}} TextParts `around` holds the list */
/** @typedef {(text: TextParts) => ReturnType<typeof createSuggestions>} Suggest */

/**
 * @param {TextParts} text
 * @param {() => Known} known what can be suggested
 */
export function createSuggestions({ area, mirror, around }, known) {
  const id = `suggestions-${++lists}`;
  const list = el("ul", { class: "suggestions", role: "listbox", id, "aria-label": "Suggestions", "data-testid": "suggestions", hidden: true });
  const count = el("p", { class: "for-screen-readers", role: "status" });
  around.append(list, count);
  for (const [name, content] of Object.entries({ "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": id }))
    area.setAttribute(name, content);
  /** @type {Suggestion[]} */
  let offered = [];
  /** @type {Word | null} */
  let word = null;
  let chosen = -1;
  let isWriting = false;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let opening = null;

  /**
   * Writes a name, or a call, in place of what is selected, as if it was typed: the text's own undo knows it.
   * @param {{name: string, signature: string | null}} taken
   * @param {string} inside
   */
  function write(taken, inside) {
    const { selectionStart: start, selectionEnd: end, value } = area;
    const { written, caret } = writtenFor(taken, inside, value.slice(end));
    isWriting = true;
    if (!document.execCommand("insertText", false, written)) {
      area.setRangeText(written, start, end, "end");
      area.dispatchEvent(new Event("input"));
    }
    isWriting = false;
    area.setSelectionRange(start + caret, start + caret);
  }
  /** @param {number} [pause] until the list is opened anew; none: it is not */
  function wait(pause) {
    if (opening !== null) clearTimeout(opening);
    opening = pause === undefined ? null : setTimeout(() => open(false), pause);
  }
  const wordNow = () => (!area.readOnly && area.selectionStart === area.selectionEnd ? wordAt(area.value, area.selectionStart) : null);
  function close() {
    [offered, word, chosen] = [[], null, -1];
    wait();
    if (list.hidden) return;
    list.hidden = true;
    replace(list);
    count.textContent = "";
    setAttribute(area, "aria-activedescendant", null);
  }
  /** @param {number} index */
  function choose(index) {
    chosen = (index + offered.length) % offered.length;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === chosen));
    setAttribute(area, "aria-activedescendant", `${id}-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }
  /** @param {Suggestion} suggestion */
  function take(suggestion) {
    const place = wordNow() ?? word; // more of it may have been typed since the list came
    close();
    if (!place) return;
    area.setSelectionRange(place.start, place.start + place.typed.length);
    write(suggestion, "");
  }
  function place() {
    const [from, to, { offsetWidth }] = [placeInText(mirror, word?.start ?? 0), around.getBoundingClientRect(), list];
    list.style.top = `${from.bottom - to.top + 2}px`;
    list.scrollTop = 0;
    list.style.left = `${Math.max(0, Math.min(from.left - to.left - 8, to.width - offsetWidth))}px`;
  }
  /** @param {boolean} isAsked whether it was asked for, with no letter typed as well */
  function open(isAsked) {
    wait();
    word = wordNow();
    if (!word || !(isAsked || word.typed)) return close();
    offered = suggestionsFor(area.value, word, known(), isAsked);
    if (offered.length === 0) return close();
    const options = offered.map((suggestion, index) =>
      el(
        "li",
        { role: "option", id: `${id}-${index}`, "aria-selected": "false", onclick: () => take(suggestion) },
        el("code", {}, suggestion.name, suggestion.signature === null ? null : el("span", { class: "muted" }, `(${suggestion.signature})`)),
        el("span", { class: "meaning" }, suggestion.meaning),
      ),
    );
    replace(list, ...options);
    list.hidden = false;
    chosen = -1;
    setAttribute(area, "aria-activedescendant", null);
    count.textContent = `${offered.length} ${offered.length === 1 ? "suggestion" : "suggestions"}: arrow down to choose`;
    place();
  }

  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the text keeps the focus
  // After the event: a text that is taken off the page for a moment, and put back, loses the focus while it stands there.
  area.addEventListener("blur", () => queueMicrotask(() => void (area.isConnected && !area.matches(":focus") && close())));
  area.addEventListener("pointerdown", close);
  area.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key } = event;
    if (opening !== null && ["ArrowDown", "ArrowUp", "Escape"].includes(key)) open(false); // meant for the list to come
    if (key === " " && event.ctrlKey) open(true);
    else if (list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (key === "ArrowDown") choose(chosen + 1);
    else if (key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if ((key === "Enter" || key === "Tab") && chosen >= 0 && !event.shiftKey) take(offered[chosen]);
    else if (key === "Escape") close();
    else return void (/^(Arrow|Home|End|Page|Enter|Tab)/.test(key) && close());
    event.preventDefault();
  });
  return {
    isWriting: () => isWriting,
    /** The text has changed. */
    typed() {
      if (isWriting || !wordNow()?.typed) close();
      else if (chosen >= 0)
        open(false); // what was chosen is not meant any more
      else wait(LIST_AFTER);
    },
    /**
     * Writes a call of a function at the caret, around what is selected.
     * @param {string} name
     * @param {string} signature
     */
    insert(name, signature) {
      if (area.readOnly) return;
      area.focus();
      write({ name, signature }, area.value.slice(area.selectionStart, area.selectionEnd));
    },
  };
}
