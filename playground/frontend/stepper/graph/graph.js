// @ts-check
// The graph: brings in the SVG, makes its items reachable by pointer and keyboard, and keeps the step in sight.
import { el, setAttribute } from "../../shared/dom.js";
import { createLegend } from "./legend.js";
import { createOverview } from "./overview.js";
import { createSearch } from "./search.js";
import { createViewport } from "./viewport.js";

/** @typedef {import("../contract.js").Item} Item */
/** @typedef {import("../contract.js").Picture} Picture */

const TAB_STOPS = 60; // beyond this many items one tab stop stands for all, and the up and down keys move within

/**
 * Parses an SVG text of the server and takes it into this document.
 * @param {string} text
 * @returns {SVGSVGElement | null}
 */
function parseSvg(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg") return null;
  return /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.importNode(root, true)));
}

/**
 * @param {{onSelect: (key: string | null) => void, onToggle: (mark: string, from: Element) => void}} actions
 */
export function createGraph({ onSelect, onToggle }) {
  const empty = el("p", { class: "graph-empty" }, "The graph appears here as soon as the text runs.");
  const stage = el("div", { class: "stage", "data-testid": "graph" }, empty);
  const overview = createOverview((x, y) => viewport.centre(x, y));
  const viewport = createViewport(stage, overview.see);
  const legend = createLegend();
  const old = el("p", { class: "old" }, "The last text that ran. This one does not run yet.");
  /** @type {SVGSVGElement | null} */
  let svg = null;
  /** @type {(SVGGElement)[]} */
  let items = [];
  /** @type {Map<string, SVGGElement>} */
  let byKey = new Map(); // of a leaf that is drawn more than once, the one with its numbers
  /** @type {Map<Element, DOMRect>} */
  const boxes = new Map();
  /** @type {{path: string, from: DOMRect | null} | null} */
  let held = null; // the module that the reader opens or closes: the next picture shows it where it was

  stage.addEventListener("click", (event) => {
    if (viewport.wasDrag() || !(event.target instanceof Element)) return;
    const toggle = event.target.closest("[data-toggle]");
    if (toggle) return onToggle(toggle.getAttribute("data-toggle") ?? "", toggle);
    onSelect(event.target.closest("[data-key]")?.getAttribute("data-key") ?? null);
  });
  stage.addEventListener("focusin", (event) => {
    const item = event.target instanceof Element && event.target.matches(":focus-visible[data-key]") ? event.target : null;
    if (item) viewport.reveal(boxInPicture(/** @type {SVGGElement} */ (item)));
  });

  /**
   * Brings what a step is about into view, with the edges that carry something where there is room for both.
   * @param {readonly string[]} active
   * @param {readonly string[]} flow
   */
  const reveal = (active, flow) => {
    const nodes = boxesOf(active.filter((name) => !byKey.get(name)?.classList.contains("edge")));
    const all = [...boxesOf(active), ...boxesOf(flow)];
    const wanted = [all, nodes, nodes.slice(0, 1), all.slice(0, 1)].find((some) => some.length > 0 && viewport.hasRoom(around(some)));
    const box = wanted ?? (nodes.length > 0 ? nodes.slice(0, 1) : all.slice(0, 1));
    if (box.length > 0) viewport.reveal(around(box));
  };
  /**
   * @param {readonly string[]} keys
   * @returns {DOMRect[]}
   */
  const boxesOf = (keys) =>
    keys.flatMap((key) => {
      const element = byKey.get(key);
      if (!element) return [];
      let box = boxes.get(element);
      if (!box) boxes.set(element, (box = boxInPicture(element)));
      return [box];
    });
  /** @param {readonly DOMRect[]} some */
  const around = (some) => {
    const [left, top] = [Math.min(...some.map((box) => box.left)), Math.min(...some.map((box) => box.top))];
    return new DOMRect(left, top, Math.max(...some.map((box) => box.right)) - left, Math.max(...some.map((box) => box.bottom)) - top);
  };
  /** @param {SVGGElement} element */
  const boxInPicture = (element) => {
    const inner = element.getBoundingClientRect();
    const outer = /** @type {SVGSVGElement} */ (svg).getBoundingClientRect();
    const scale = viewport.scale();
    return new DOMRect((inner.x - outer.x) / scale, (inner.y - outer.y) / scale, inner.width / scale, inner.height / scale);
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
   * The box of a closed module, or what closes the frame of an open one.
   * @param {string} path
   * @returns {SVGGElement | null}
   */
  const moduleAt = (path) => svg?.querySelector(`[data-opens="${CSS.escape(path)}"], .cluster [data-toggle="${CSS.escape(`-${path}`)}"]`) ?? null;
  /** @param {Element} element */
  const outline = (element) => boxInPicture(/** @type {SVGGElement} */ (element.closest(".item, .cluster") ?? element));
  const search = createSearch({
    items: () => items.filter((item) => !item.classList.contains("edge")),
    onFound: (item) => viewport.reveal(outline(item)),
    onChosen: (item) => onSelect(item.getAttribute("data-key")),
    onClose: () => /** @type {HTMLElement | null} */ (stage.querySelector("[aria-pressed=true]"))?.focus({ preventScroll: true }),
  });
  const onlyStop = () => items.length > TAB_STOPS;

  return {
    element: stage,
    viewport,
    reveal,
    svg: () => svg,
    /**
     * @param {string} text
     * @returns {boolean} whether there is a picture
     */
    show(text) {
      const next = parseSvg(text);
      if (!next) return false;
      const focused = /** @type {SVGElement | null} */ (stage.querySelector(":focus"));
      svg = next;
      stage.replaceChildren(next, legend.element, old, overview.element, search.element);
      boxes.clear();
      items = [...next.querySelectorAll(/** @type {"g"} */ (".item[data-key]:not(.match), .cluster .toggle"))];
      byKey = new Map(items.flatMap((item) => (item.dataset.key && !item.classList.contains("copy") ? [[item.dataset.key, item]] : [])));
      for (const match of next.querySelectorAll(".item.match")) {
        match.removeAttribute("aria-label"); // only a hint for the eye
        match.setAttribute("aria-hidden", "true");
      }
      for (const text of next.querySelectorAll(".item text")) text.after(" "); // read aloud, two texts are two words
      const place = () => {
        const element = held && moduleAt(held.path);
        return element ? outline(element) : null;
      };
      overview.show(next); // on the stage by now, whose size it depends on
      viewport.show(next, held && { from: held.from, to: place });
      if (focused) (held ? moduleAt(held.path) : byKey.get(focused.dataset.key ?? ""))?.focus({ preventScroll: true });
      held = null;
      return true;
    },
    /**
     * Puts the items into the tab order and names them, and says what the colours mean.
     * @param {Record<string, Item>} records
     * @param {readonly import("../contract.js").Step[]} steps
     */
    describe(records, steps) {
      if (svg) legend.show(svg, steps);
      viewport.settle(legend.element.offsetHeight + 6);
      items.forEach((item, index) => {
        const title = item.classList.contains("copy") ? undefined : records[item.dataset.key ?? ""]?.title;
        if (item.dataset.name === undefined || item.classList.contains("edge")) item.dataset.name = title ?? item.getAttribute("aria-label") ?? "";
        setAttribute(item, "role", "button");
        setAttribute(item, "tabindex", onlyStop() && index > 0 ? "-1" : "0");
      });
      name(items);
      search.again();
    },
    name,
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
      held = { path, from: element && outline(element) };
    },
    /** @param {string} key */
    item: (key) => byKey.get(key) ?? null,
    /**
     * @param {Element} from
     * @param {1 | -1} direction
     */
    moveFocus(from, direction) {
      const at = items.indexOf(/** @type {SVGGElement} */ (from));
      const next = items[at + direction];
      if (!next) return;
      if (onlyStop()) {
        setAttribute(from, "tabindex", "-1");
        setAttribute(next, "tabindex", "0");
      }
      next.focus();
    },
    /**
     * Marks the ops that a note is about; they look so once they have run.
     * @param {Pick<Picture, "notes" | "items">} picture
     */
    note({ notes, items }) {
      const broken = notes.filter((note) => note.kind === "non_finite").flatMap(({ key }) => (key ? [key, ...(items[key]?.related ?? [])] : []));
      const keys = new Set(broken);
      for (const [key, item] of byKey) item.classList.toggle("noted", keys.has(key) && item.classList.contains("op"));
    },
    /** @param {boolean} isStale whether the picture is of an older text */
    age: (isStale) => stage.classList.toggle("stale", isStale),
    /** @param {string | null} key */
    press(key) {
      for (const item of stage.querySelectorAll("[aria-pressed=true]")) item.removeAttribute("aria-pressed");
      if (key !== null) for (const item of items) if (item.dataset.key === key) item.setAttribute("aria-pressed", "true");
    },
  };
}
