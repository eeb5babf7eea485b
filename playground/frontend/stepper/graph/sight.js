// @ts-check
// Puts on the page what is in view of a picture: all of it where it is small, else the elements near the view only.
import { draw, pathOf, shape } from "./draw.js";
import { createGrid, isBackward } from "./scene.js";

/** @typedef {import("../contract.js").Scene} Scene */
/** @typedef {import("./scene.js").Thing} Thing */
/** @typedef {import("./scene.js").Place} Place */

const MOST_THINGS = 2000; // things on the page at once: beyond, moving them is felt
const AHEAD = 300; // px of the picture around the view that are there already

const KINDS = /** @type {const} */ (["frame", "link", "box"]);

/** @type {Scene} */
const NO_SCENE = { title: "", view: [0, 0, 1, 1], forms: [], frames: [], links: [], boxes: [] };

/**
 * The boxes of one side as one path, for a picture seen from far away.
 * @param {readonly Thing[]} things
 * @param {boolean} backward
 */
export function boxesPath(things, backward) {
  const boxes = things.filter((thing) => thing.kind === "box" && isBackward(thing) === backward);
  return boxes.map(({ place: { x, y, width, height } }) => `M${x} ${y}h${width}v${height}h${-width}z`).join("");
}

/**
 * @param {{onIn: (thing: Thing, element: SVGGElement) => void, onOut: (thing: Thing, element: SVGGElement) => void, kept: () => Iterable<Thing>}} actions
 *   `kept`: what is on the page wherever the view is
 */
export function createSight({ onIn, onOut, kept }) {
  let scene = NO_SCENE;
  /** @type {readonly Thing[]} */
  let things = [];
  /** @type {Map<Thing, SVGGElement>} */
  let elements = new Map();
  /** @type {Set<Thing>} */
  let there = new Set();
  /** @type {((view: Place) => Set<Thing>) | null} */
  let find = null; // null: all of it is on the page
  /** @type {Place | null} */
  let filled = null; // the part of the picture that is on the page
  /** @type {Record<string, SVGElement>} */
  let layers = {};
  /** @type {SVGElement | null} */
  let far = null; // all of it at once, without texts
  let isFar = false; // that is what is shown
  let seenWidth = 0; // of the view when that was decided

  /** @param {Thing} thing */
  const element = (thing) => {
    let made = elements.get(thing);
    if (!made) elements.set(thing, (made = draw(thing, scene)));
    return made;
  };
  /** @param {Thing} thing */
  const put = (thing) => {
    if (there.has(thing)) return;
    there.add(thing);
    layers[thing.kind].append(element(thing));
    onIn(thing, element(thing));
  };
  /** @param {Set<Thing>} wanted */
  const only = (wanted) => {
    for (const thing of kept()) wanted.add(thing);
    for (const thing of there) {
      if (wanted.has(thing)) continue;
      there.delete(thing);
      element(thing).remove();
      onOut(thing, element(thing));
    }
    for (const thing of wanted) put(thing);
  };
  const showFar = () => {
    if (isFar && far && !far.hasChildNodes()) {
      const links = (/** @type {boolean} */ backward) =>
        scene.links.filter(({ classes }) => !classes.startsWith("match") && classes.startsWith("backward") === backward).map(({ points }) => pathOf(points));
      const corner = `translate(${scene.view[0]} ${scene.view[1]})`;
      for (const side of [false, true]) {
        far.append(shape("path", { class: `line${side ? " backward" : ""}`, d: links(side).join("") }));
        far.append(shape("path", { class: `boxes${side ? " backward" : ""}`, transform: corner, d: boxesPath(things, side) }));
      }
    }
    if (far) far.style.display = isFar ? "" : "none";
  };
  /** @param {Place} view */
  const fill = (view) => {
    if (!find) return;
    if (isFar && view.width < seenWidth) filled = null; // nearer: there may be room for elements
    const inside = filled && view.x >= filled.x && view.y >= filled.y && view.x + view.width <= filled.x + filled.width;
    if (inside && filled && view.y + view.height <= filled.y + filled.height) return;
    seenWidth = view.width;
    filled = { x: view.x - AHEAD, y: view.y - AHEAD, width: view.width + 2 * AHEAD, height: view.height + 2 * AHEAD };
    const found = find(filled);
    isFar = found.size > MOST_THINGS;
    showFar();
    only(isFar ? new Set() : found);
  };

  return {
    element,
    /** The things that are on the page. */
    there: () => there,
    fill,
    /** Brings in what is kept now. */
    keep() {
      for (const thing of kept()) put(thing);
    },
    /**
     * @param {Scene} next
     * @param {readonly Thing[]} all its things
     * @returns {SVGSVGElement}
     */
    show(next, all) {
      [scene, things, elements, there, filled, isFar] = [next, all, new Map(), new Set(), null, false];
      find = all.length > MOST_THINGS ? createGrid(all, next) : null;
      far = shape("g", { class: "far", "aria-hidden": "true" });
      layers = Object.fromEntries(KINDS.map((kind) => [kind, shape("g", {})]));
      const svg = shape("svg", { class: "graph", viewBox: next.view.join(" "), role: "group", "aria-label": next.title }, far, ...Object.values(layers));
      if (!find) for (const thing of all) put(thing);
      return /** @type {SVGSVGElement} */ (svg);
    },
    /**
     * Has all of the picture on the page while something is done with it.
     * @param {() => void} act
     */
    whole(act) {
      const before = new Set(there);
      if (far) far.style.display = "none";
      for (const thing of things) put(thing);
      act();
      if (find) only(before);
      showFar();
    },
  };
}
