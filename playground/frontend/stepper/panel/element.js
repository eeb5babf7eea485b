// @ts-check
// One element of a tensor, picked by its index: the server answers with the sums behind its value and its gradient.
import { el, iconButton, prose, replace } from "../../shared/dom.js";
import { createScroller } from "./scroller.js";

/** @typedef {import("../contract.js").ElementAnswer} ElementAnswer */
/** @typedef {import("../contract.js").ElementPart} ElementPart */
/** @typedef {import("../contract.js").Item} Item */

const STEPPING_MS = 120; // arrow keys that are held ask once in a while

/**
 * The indices of a shape, in words: "3, 12".
 * @param {number[]} shape
 */
function rangesOf(shape) {
  return shape.map((size) => `0–${size - 1}`).join(", ");
}

/**
 * The same index, moved along the last axis and kept inside it; the first element where it cannot be read.
 * @param {string} text
 * @param {number[]} shape
 * @param {number} by
 */
export function moveIndex(text, shape, by) {
  const found = text.split(",").map((piece) => Number.parseInt(piece.replace(/[^0-9]/g, ""), 10));
  const isIndex = found.length === shape.length && found.every((number, axis) => number >= 0 && number < shape[axis]);
  const index = isIndex ? found : shape.map(() => 0);
  const last = shape.length - 1;
  if (isIndex) index[last] = Math.max(0, Math.min(shape[last] - 1, index[last] + by));
  return index.join(", ");
}

/** @param {ElementPart} part */
function partView({ title, formula, numbers, heads, rows, note }) {
  const lines = [formula, numbers].filter(Boolean).join("\n");
  const head = el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text))));
  const body = rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", {}, cell))));
  const table = el("table", { "aria-label": `${title}: the terms` }, head, el("tbody", {}, ...body));
  return el(
    "section",
    { class: "element-part" },
    el("h4", {}, title),
    lines ? el("p", { class: "arithmetic", "data-testid": "element-formula" }, lines) : null,
    rows.length > 0 ? createScroller(`${title}: the terms`, table).element : null,
    note ? el("p", { class: "in-words" }, ...prose(note)) : null,
  );
}

/**
 * What is known at a position: the element and how it was computed, then its gradient with the check.
 * @param {NonNullable<ElementAnswer["answer"]>} answer
 * @param {number} k
 */
function answerView({ title, number, since, parts, check }, k) {
  const [isComputed, hasGradient] = since.map((from) => from <= k);
  const known = parts.filter((_, index) => (index === 0 ? isComputed : hasGradient));
  const next = isComputed ? since[1] : since[0];
  const later = el("p", { class: "muted", "data-testid": "element-later" }, `${isComputed ? "Its gradient" : "It"} is computed at step ${next}.`);
  const rows = (hasGradient ? check : []).map(([label, text]) => el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, text)));
  const box = el("div", { class: "check-box" }, el("table", { class: "check", "aria-label": "The check of this element" }, el("tbody", {}, ...rows)));
  const head = el("h3", { "data-testid": "element-title" }, isComputed ? `${title} = ${number}` : title);
  return [head, ...known.map(partView), isComputed && hasGradient ? null : later, rows.length > 0 ? box : null];
}

/**
 * The form and its answer; hidden for what has no elements to choose from.
 * @param {(question: {key: string, index: string, number: number}) => void} send
 */
export function createElementPicker(send) {
  /** @type {string | null} */
  let key = null;
  /** @type {number[]} */
  let shape = [];
  let number = 0;
  let shown = "";
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;

  const input = el("input", { type: "text", inputmode: "numeric", autocomplete: "off", spellcheck: "false", size: "14", "data-testid": "element-index" });
  const allowed = el("small", { class: "muted" });
  const label = el("label", {}, "Element ", input);
  const message = el("p", { class: "element-message", role: "status", "data-testid": "element-message" });
  const answer = el("div", { class: "element-answer", "data-testid": "element-answer" });
  const steps = [
    iconButton("back", "One element back", () => move(-1), { "data-testid": "element-back" }),
    iconButton("forward", "One element on", () => move(1), { "data-testid": "element-on" }),
  ];
  const open = el("button", { type: "submit", class: "text-button", "data-testid": "element-open" }, "Open");
  const form = el("form", { class: "element-form" }, label, ...steps, open, allowed);
  const element = el("section", { class: "element", "aria-label": "One element", hidden: true }, form, message, answer);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by);
  });

  function ask() {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (key === null) return;
    number += 1;
    element.setAttribute("aria-busy", "true");
    send({ key, index: input.value, number });
  }
  /** @param {number} by */
  function move(by) {
    input.value = moveIndex(input.value, shape, by);
    if (timer === null) timer = setTimeout(ask, STEPPING_MS);
  }
  function clear() {
    shown = "";
    replace(message);
    replace(answer);
    input.removeAttribute("aria-invalid");
    element.removeAttribute("aria-busy");
  }

  return {
    element,
    /**
     * The elements of the value that the selected item is, or is about, can be picked now.
     * @param {Record<string, Item>} items
     * @param {string | null} selected null: none can
     */
    offer(items, selected) {
      const names = selected !== null && items[selected] ? [selected, ...items[selected].related] : [];
      const nextKey = names.find((name) => items[name]?.shape) ?? null;
      const sizes = (nextKey !== null && items[nextKey].shape) || [];
      const isOffered = nextKey !== null && sizes.reduce((product, size) => product * size, 1) > 1;
      element.hidden = !isOffered;
      if (!isOffered || (nextKey === key && String(sizes) === String(shape))) return;
      [key, shape] = [nextKey, sizes];
      input.value = "";
      input.placeholder = shape.map((size) => Math.floor(size / 2)).join(", ");
      allowed.textContent = `each from: ${rangesOf(shape)}`;
      clear();
    },
    /**
     * @param {ElementAnswer | null} next
     * @param {number} k numbers that no step has computed yet are not told
     */
    show(next, k) {
      if (next === null || next.key !== key) return clear();
      if (next.number < number) return;
      number = Math.max(number, next.number);
      element.removeAttribute("aria-busy");
      const source = JSON.stringify([next, next.answer?.since.map((from) => from <= k)]);
      if (source === shown) return;
      shown = source;
      const { error } = next;
      input.setAttribute("aria-invalid", String(error !== null));
      replace(message, ...(error ? prose(`${error.message}. ${error.hint ? `Allowed: ${error.hint}.` : ""}`) : []));
      replace(answer, ...(next.answer ? answerView(next.answer, k) : []));
      if (!error && timer === null) input.value = next.index;
    },
    /**
     * Has a cell of the value tables under `place` pick its element.
     * @param {Element} place
     * @param {() => void} onPick
     */
    listen(place, onPick) {
      place.addEventListener("click", ({ target }) => {
        const index = target instanceof Element ? target.closest("[data-index]")?.getAttribute("data-index") : null;
        if (!index) return;
        onPick();
        input.value = index;
        ask();
      });
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
