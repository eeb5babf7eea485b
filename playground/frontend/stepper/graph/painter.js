// @ts-check
// Puts a timeline on elements: texts by `data-slot`, strengths by `data-tint`, classes by `data-key`.
// Going from one step to another touches only what changes between them.
import { changedSlots, classChanges, entryAt, keysAt, phaseAt, slotText } from "./timeline.js";

/** @typedef {import("../contract.js").Timeline} Timeline */
/** @typedef {Map<string, Set<Element>>} Index */
/** @typedef {{slots: Index, tints: Index, keyed: Index}} Bound */

const ATTRIBUTES = /** @type {const} */ ({ slots: "data-slot", tints: "data-tint", keyed: "data-key" });

/**
 * Calls for each element under (and with) `root` that has one of the attributes.
 * @param {Element} root
 * @param {(kind: keyof Bound, name: string, element: Element) => void} act
 */
function eachBound(root, act) {
  for (const kind of /** @type {const} */ (["slots", "tints", "keyed"])) {
    const attribute = ATTRIBUTES[kind];
    const own = root.hasAttribute(attribute) ? [root] : [];
    for (const element of [...own, ...root.querySelectorAll(`[${attribute}]`)]) act(kind, element.getAttribute(attribute) ?? "", element);
  }
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
  /** @returns {(element: Element, key: string) => void} sets the classes that an element has now */
  const classPainter = () => {
    const active = new Set(keysAt(timeline, "active", position));
    const flow = new Set(keysAt(timeline, "flow", position));
    return ({ classList }, key) => {
      classList.toggle("active", active.has(key));
      classList.toggle("flow", flow.has(key));
      classList.toggle("visited", (timeline.firstVisit.get(key) ?? Infinity) <= position);
      classList.toggle("selected", selected.has(key));
    };
  };
  /** @param {Bound} part */
  const paintAll = (part) => {
    for (const slot of new Set([...part.slots.keys(), ...part.tints.keys()])) paintSlot(part, slot, position);
    const paintClasses = classPainter();
    for (const [key, elements] of part.keyed) for (const element of elements) paintClasses(element, key);
    paintDirection();
  };
  /**
   * @param {string} name
   * @returns {Bound}
   */
  const partOf = (name) => {
    let part = parts.get(name);
    if (!part) parts.set(name, (part = { slots: new Map(), tints: new Map(), keyed: new Map() }));
    return part;
  };

  return {
    /**
     * Takes over one more element with all that is in it, and paints it.
     * @param {string} name of the part that it belongs to
     * @param {Element} root
     */
    add(name, root) {
      const part = partOf(name);
      const paintClasses = classPainter();
      const phase = phaseAt(timeline, position);
      eachBound(root, (kind, key, element) => {
        const elements = part[kind].get(key);
        if (elements) elements.add(element);
        else part[kind].set(key, new Set([element]));
        if (kind === "slots") writeSlot(element, slotText(timeline, key, position));
        else if (kind === "tints") writeTint(element, entryAt(timeline.slots.get(key), position));
        else {
          paintClasses(element, key);
          element.classList.toggle("going-back", phase === "backward");
          element.classList.toggle("updating", phase === "update");
        }
      });
    },
    /**
     * Lets go of an element that leaves the page.
     * @param {string} name
     * @param {Element} root
     */
    remove(name, root) {
      const part = partOf(name);
      eachBound(root, (kind, key, element) => {
        const elements = part[kind].get(key);
        elements?.delete(element);
        if (elements?.size === 0) part[kind].delete(key);
      });
    },
    /**
     * Lets go of a whole part.
     * @param {string} name
     */
    clear: (name) => parts.delete(name),
    /**
     * The text of a slot now.
     * @param {string} slot
     */
    text: (slot) => slotText(timeline, slot, position),
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
