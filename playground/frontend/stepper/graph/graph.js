// @ts-check
// The graph: brings in a scene, makes its items reachable by pointer and keyboard, and keeps the step in sight.
import { el, setAttribute } from "../../shared/dom.js";
import { createLegend } from "./legend.js";
import { markBox } from "./marks.js";
import { createOverview } from "./overview.js";
import { heirOf, thingsOf } from "./scene.js";
import { createSearch } from "./search.js";
import { createSight } from "./sight.js";
import { createViewport } from "./viewport.js";

/** @typedef {import("../contract.js").Item} Item */
/** @typedef {import("../contract.js").Picture} Picture */
/** @typedef {import("../contract.js").Scene} Scene */
/** @typedef {import("./scene.js").Thing} Thing */
/** @typedef {import("./scene.js").Place} Place */

const PATIENCE = 400; // ms until a picture of an older text looks so
const TAB_STOPS = 60; // beyond this many items one tab stop stands for all, and the up and down keys move within

/** @param {readonly Place[]} some @returns {Place} */
function around(some) {
  const [x, y] = [Math.min(...some.map((place) => place.x)), Math.min(...some.map((place) => place.y))];
  const [right, bottom] = [Math.max(...some.map((place) => place.x + place.width)), Math.max(...some.map((place) => place.y + place.height))];
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * @param {{onSelect: (key: string | null) => void, onToggle: (mark: string, from: Element) => void,
 *   painter: Pick<ReturnType<typeof import("./painter.js").createPainter>, "add" | "remove" | "clear" | "text">}} actions
 */
export function createGraph({ onSelect, onToggle, painter }) {
  const empty = el("p", { class: "graph-empty" }, "The graph appears here as soon as the text runs.");
  const stage = el("div", { class: "stage", "data-testid": "graph" }, empty);
  const overview = createOverview((x, y) => viewport.centre(x, y));
  const legend = createLegend();
  const viewport = createViewport(stage, legend.element, (view) => {
    overview.see(view, viewport.room());
    sight.fill(view);
  });
  const old = el("p", { class: "old" }, "The last text that ran. This one does not run yet.");
  /** @type {SVGSVGElement | null} */
  let svg = null;
  /** @type {Scene | null} */
  let scene = null;
  /** @type {Thing[]} */
  let things = [];
  /** @type {Thing[]} */
  let items = []; // what the keyboard reaches
  /** @type {Thing | undefined} */
  let stop; // the item at which the tab key stops, where it does at one only
  /** @type {Map<string, Thing>} */
  let byKey = new Map(); // of a leaf that is drawn more than once, the one with its numbers
  /** @type {WeakMap<Element, Thing>} */
  const owners = new WeakMap();
  /** @type {Record<string, Item>} */
  let records = {};
  /** @type {string | null} */
  let pressed = null;
  /** @type {Set<string>} */
  let noted = new Set();
  /** @type {Map<string, import("./marks.js").Mark>} */
  let marks = new Map(); // of boxes that differ from those of a picture beside this one
  /** @type {{found: ReadonlySet<Thing>, now: Thing | null}} */
  let searched = { found: new Set(), now: null };
  /** @type {Thing[]} */
  let lit = []; // what the step is about
  /** @type {ReturnType<typeof setTimeout> | null} */
  let aging = null;
  /** @type {{path: string, from: Place | null} | null} */
  let held = null; // the module that the reader opens or closes: the next picture shows it where it was

  const sight = createSight({
    onIn(thing, element) {
      owners.set(element, thing);
      painter.add("graph", element);
      dress(thing, element);
    },
    onOut: (_, element) => painter.remove("graph", element),
    kept: () => [stop, searched.now, ownerOf(stage.querySelector(":focus")), ...lit].filter((thing) => thing !== undefined && thing !== null),
  });

  stage.addEventListener("click", (event) => {
    if (viewport.wasDrag() || !(event.target instanceof Element)) return;
    const toggle = event.target.closest("[data-toggle]");
    if (toggle) return onToggle(toggle.getAttribute("data-toggle") ?? "", toggle);
    onSelect(event.target.closest("[data-key]")?.getAttribute("data-key") ?? null);
  });
  stage.addEventListener("focusin", (event) => {
    const thing = event.target instanceof Element && event.target.matches(":focus-visible[data-key]") ? ownerOf(event.target) : null;
    if (thing) viewport.reveal(thing.place);
  });

  /** @param {Element | null} element @returns {Thing | undefined} */
  const ownerOf = (element) => owners.get(element?.closest(".item, .cluster") ?? stage);
  /** @param {Thing} thing @returns {SVGElement} what of a thing takes the focus */
  const reachable = (thing) => /** @type {SVGElement} */ (thing.kind === "frame" ? sight.element(thing).querySelector(".toggle") : sight.element(thing));
  /** @param {readonly string[]} keys */
  const thingsAt = (keys) => keys.flatMap((key) => byKey.get(key) ?? []);

  /**
   * Brings what a step is about into view, with the edges that carry something where there is room for both.
   * @param {readonly string[]} active
   * @param {readonly string[]} flow
   */
  const reveal = (active, flow) => {
    const [shown, carrying] = [thingsAt(active), thingsAt(flow)];
    lit = [...shown, ...carrying];
    sight.keep();
    overview.mark("active", shown);
    const nodes = shown.filter(({ kind }) => kind !== "link");
    const places = [lit, nodes, nodes.slice(0, 1), lit.slice(0, 1)].map((some) => some.map(({ place }) => place));
    const wanted = places.find((some) => some.length > 0 && viewport.hasRoom(around(some))) ?? (nodes.length > 0 ? places[2] : places[3]);
    if (wanted.length > 0) viewport.reveal(around(wanted));
  };
  /**
   * An item's name is what can be read on it, and its title where that is not there to be read.
   * @param {Iterable<Element>} some
   */
  const name = (some) => {
    for (const item of some) {
      const own = item.getAttribute("data-name") ?? "";
      const texts = [...item.querySelectorAll("text")]
        .map((text) => text.textContent)
        .filter(Boolean)
        .join(" ");
      setAttribute(item, "aria-label", texts.includes(own) && texts ? texts : [own, texts].filter(Boolean).join(": "));
    }
  };
  /**
   * Gives an element what it has to do with the reader: its name, its place in the tab order, its marks.
   * @param {Thing} thing
   * @param {SVGElement} element
   */
  const dress = (thing, element) => {
    const { kind, key, classes } = thing;
    if (kind === "link" && classes.startsWith("match")) return;
    const isLone = items.length > TAB_STOPS && thing !== stop;
    if (kind === "frame") {
      const toggle = element.querySelector(".toggle");
      if (toggle) setAttribute(toggle, "tabindex", isLone ? "-1" : "0");
      return;
    }
    const title = classes.endsWith("copy") ? undefined : records[key]?.title;
    if (element.dataset.name === undefined || kind === "link") element.dataset.name = title ?? thing.label;
    setAttribute(element, "tabindex", isLone ? "-1" : "0");
    setAttribute(element, "aria-pressed", key === pressed ? "true" : null);
    element.classList.toggle("noted", noted.has(key) && /\bop\b/.test(classes));
    if (kind === "box") markBox(element, marks.get(key));
    element.classList.toggle("found", searched.found.has(thing));
    element.classList.toggle("found-now", searched.now === thing);
    name([element]);
  };
  const dressAll = () => {
    for (const thing of sight.there()) dress(thing, sight.element(thing));
  };
  /**
   * The box of a closed module, or the frame of an open one.
   * @param {string} path
   */
  const moduleAt = (path) => things.find(({ opens, closes }) => opens === path || closes === path);
  /**
   * What can be read on a box: its texts, its numbers now, the module that it opens.
   * @param {Thing} thing
   */
  const words = ({ kind, key, number, label, opens }) => {
    const drawn = kind === "box" ? scene?.boxes[number] : undefined;
    return [records[key]?.title ?? label, opens, [...(drawn?.texts ?? []), ...(drawn?.slots ?? []).map(painter.text)].join(" ")];
  };
  const search = createSearch({
    things: () => items.filter(({ kind }) => kind === "box"),
    words,
    isSelected: ({ key }) => key === pressed,
    onMarked(found, now) {
      searched = { found: new Set(found), now };
      sight.keep();
      dressAll();
      overview.mark("found", found);
      if (now) viewport.reveal(now.place);
    },
    onChosen: ({ key }) => onSelect(key),
    onClose: () => /** @type {HTMLElement | null} */ (stage.querySelector("[aria-pressed=true]"))?.focus({ preventScroll: true }),
  });

  /**
   * @param {Scene} next
   */
  const build = (next) => {
    const focused = ownerOf(stage.querySelector(":focus"));
    painter.clear("graph");
    [scene, things, lit, searched] = [next, thingsOf(next), [], { found: new Set(), now: null }];
    items = things.filter(({ kind, classes, closes }) => (kind === "frame" ? closes !== "" : !classes.startsWith("match")));
    [stop] = items;
    byKey = new Map(items.flatMap((thing) => (thing.key && !thing.classes.endsWith("copy") ? [[thing.key, thing]] : [])));
    svg = sight.show(next, things);
    const size = { width: next.view[2], height: next.view[3] };
    overview.show(things, size);
    viewport.show(svg, size, held && { from: held.from, to: moduleAt(held.path)?.place ?? null });
    stage.replaceChildren(svg, legend.element, old, overview.element, search.element);
    const again = focused && (held ? moduleAt(held.path) : byKey.get(focused.key));
    held = null;
    if (again) focusOn(again);
  };
  /** @param {Thing} thing */
  const focusOn = (thing, preventScroll = true) => {
    const before = stop;
    stop = thing;
    sight.keep();
    if (items.length > TAB_STOPS) for (const one of [before, thing]) if (one) dress(one, sight.element(one));
    reachable(thing).focus({ preventScroll });
  };

  return {
    element: stage,
    viewport,
    reveal,
    svg: () => svg,
    whole: sight.whole,
    /**
     * Shows a picture: anew where its scene is another one, else with other names and notes. The ops that a note is
     * about look so once they have run.
     * @param {Picture} picture
     * @param {boolean} isNew
     * @param {string | null} selected
     * @returns {string | null} what is selected now: where that is drawn no more, what stands for it
     */
    show(picture, isNew, selected) {
      const chosen = selected === null ? undefined : byKey.get(selected);
      records = picture.items;
      const broken = picture.notes.filter((note) => note.kind === "non_finite");
      noted = new Set(broken.flatMap(({ key }) => (key ? [key, ...(records[key]?.related ?? [])] : [])));
      if (isNew && picture.scene) build(picture.scene);
      else dressAll();
      if (scene) legend.show(scene, picture.steps);
      search.again();
      return isNew && chosen && !byKey.has(chosen.key) ? (heirOf(things, chosen) ?? selected) : selected;
    },
    name,
    /** @param {Map<string, import("./marks.js").Mark>} next of boxes, by their keys */
    mark(next) {
      if (marks.size === 0 && next.size === 0) return;
      marks = next;
      dressAll();
    },
    /** @param {string} command what to do with the view: `fit`, `zoom-in`, `zoom-out` or `search` */
    view(command) {
      if (command === "search") search.open();
      else if (command === "fit") viewport.fit();
      else viewport.zoom(command === "zoom-in" ? 1.25 : 0.8);
    },
    /**
     * The next picture is this one with a module opened or closed: it is shown at the same scale, the module in its place.
     * @param {string} path
     * @param {Element | null} element the box or frame that stands for it now
     */
    hold(path, element) {
      held = { path, from: ownerOf(element)?.place ?? null };
    },
    /** @param {string} key @returns {SVGGElement | null} */
    item(key) {
      const thing = byKey.get(key);
      return thing ? sight.element(thing) : null;
    },
    /**
     * @param {Element} from
     * @param {1 | -1} direction
     */
    moveFocus(from, direction) {
      const at = ownerOf(from);
      const next = at && items[items.indexOf(at) + direction];
      if (!next) return;
      focusOn(next, false);
    },
    /** @param {boolean} isStale whether the picture is of an older text: told where it stays so, not at every key of a word */
    age(isStale) {
      if (aging !== null) clearTimeout(aging);
      aging = isStale ? setTimeout(() => stage.classList.add("stale"), PATIENCE) : null;
      if (!isStale) stage.classList.remove("stale");
    },
    /**
     * @param {string | null} key
     * @param {readonly string[]} related
     */
    press(key, related) {
      if (key !== pressed) {
        pressed = key;
        dressAll();
      }
      overview.mark("selected", thingsAt(related));
    },
  };
}
