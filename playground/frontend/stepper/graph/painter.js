// @ts-check
// Puts a timeline on elements: texts by `data-slot`, strengths by `data-tint`, classes by `data-key` (on the map `data-place`).
// Going from one step to another touches only what changes between them.
import { changedSlots, classChanges, entryAt, keysAt, phaseAt } from "./timeline.js";

/** @typedef {import("../contract.js").Timeline} Timeline */
/** @typedef {Map<string, Element[]>} Index */
/** @typedef {{slots: Index, tints: Index, keyed: Index}} Bound */

/**
 * @param {Element} root
 * @param {...string} attributes
 * @returns {Index}
 */
function indexBy(root, ...attributes) {
  /** @type {Index} */
  const index = new Map();
  for (const attribute of attributes) {
    for (const element of root.querySelectorAll(`[${attribute}]`)) {
      const name = element.getAttribute(attribute) ?? "";
      const elements = index.get(name);
      if (elements) elements.push(element);
      else index.set(name, [element]);
    }
  }
  return index;
}

/**
 * @param {Element} element
 * @param {string} text
 */
function writeSlot(element, text) {
  if (element.localName === "image") {
    if (text) element.setAttribute("href", text);
    else element.removeAttribute("href");
  } else if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {import("../contract.js").Entry | null} entry
 */
function writeTint(element, entry) {
  const style = /** @type {HTMLElement | SVGElement} */ (element).style;
  element.classList.toggle("has-value", entry !== null && entry[1] !== "");
  if (entry) style.setProperty("--strength", String(entry[2] ?? 0));
  else style.removeProperty("--strength");
}

/**
 * @param {(items: Set<Element>) => void} onTexts called with the items whose texts a step has changed
 */
export function createPainter(onTexts) {
  /** @type {Map<string, Bound>} */
  const parts = new Map();
  /** @type {Timeline} */
  let timeline = { last: 0, steps: [], slots: new Map(), changed: [[]], firstVisit: new Map(), visited: [[]] };
  let position = 0;
  /** @type {Set<string>} */
  let selected = new Set();

  /**
   * @param {string} key
   * @param {(element: Element) => void} change
   */
  const each = (key, change) => {
    for (const part of parts.values()) part.keyed.get(key)?.forEach(change);
  };
  /**
   * @param {Bound} part
   * @param {string} slot
   * @param {number} k
   */
  const paintSlot = (part, slot, k) => {
    const entry = entryAt(timeline.slots.get(slot), k);
    part.slots.get(slot)?.forEach((element) => writeSlot(element, entry?.[1] ?? ""));
    part.tints.get(slot)?.forEach((element) => writeTint(element, entry));
  };
  /** What is active now knows the direction itself: a class far above would restyle the whole picture. */
  const paintDirection = () => {
    const phase = phaseAt(timeline, position);
    for (const field of /** @type {const} */ (["active", "flow"])) {
      for (const key of keysAt(timeline, field, position)) {
        each(key, ({ classList }) => {
          classList.toggle("going-back", phase === "backward");
          classList.toggle("updating", phase === "update");
        });
      }
    }
  };
  /** @param {Bound} part */
  const paintAll = (part) => {
    for (const slot of new Set([...part.slots.keys(), ...part.tints.keys()])) paintSlot(part, slot, position);
    const active = new Set(keysAt(timeline, "active", position));
    const flow = new Set(keysAt(timeline, "flow", position));
    for (const [key, elements] of part.keyed) {
      const isVisited = (timeline.firstVisit.get(key) ?? Infinity) <= position;
      for (const { classList } of elements) {
        classList.toggle("active", active.has(key));
        classList.toggle("flow", flow.has(key));
        classList.toggle("visited", isVisited);
        classList.toggle("selected", selected.has(key));
      }
    }
    paintDirection();
  };

  return {
    /**
     * Takes over the elements under `root`; a later call with the same name replaces them.
     * @param {string} name
     * @param {Element} root
     */
    bind(name, root) {
      const part = { slots: indexBy(root, "data-slot"), tints: indexBy(root, "data-tint"), keyed: indexBy(root, "data-key", "data-place") };
      parts.set(name, part);
      paintAll(part);
    },
    /**
     * Shows another timeline at step k.
     * @param {Timeline} next
     * @param {number} k
     */
    load(next, k) {
      [timeline, position] = [next, k];
      for (const part of parts.values()) paintAll(part);
    },
    /** @param {number} k */
    goto(k) {
      /** @type {Set<Element>} */
      const items = new Set();
      for (const slot of changedSlots(timeline, position, k)) {
        for (const part of parts.values()) {
          paintSlot(part, slot, k);
          for (const element of part.slots.get(slot) ?? []) {
            const item = element.closest(".item");
            if (item) items.add(item);
          }
        }
      }
      for (const name of /** @type {const} */ (["active", "flow", "visited"])) {
        const { add, remove } = classChanges(timeline, name, position, k);
        for (const key of remove) each(key, (element) => element.classList.remove(name));
        for (const key of add) each(key, (element) => element.classList.add(name));
      }
      position = k;
      paintDirection();
      onTexts(items);
    },
    /** @param {Set<string>} keys */
    select(keys) {
      for (const key of selected) if (!keys.has(key)) each(key, (element) => element.classList.remove("selected"));
      for (const key of keys) each(key, (element) => element.classList.add("selected"));
      selected = keys;
    },
  };
}
