// @ts-check
// Pan, zoom, pinch and fit of one SVG inside a box, by a CSS transform: the picture itself is never touched.
// One finger up or down still scrolls the page; the wheel zooms only with Ctrl or while the graph has the focus.

import { el } from "../../shared/dom.js";

/** @typedef {import("./scene.js").Place} Place */

const SMALLEST = 0.04;
const LARGEST = 6;
const READABLE = 0.85; // letters of 9 px; a view smaller than this shows the start of the graph instead of all of it
const READABLE_ON_A_PHONE = 0.62; // at first
const MARGIN = 12;
const LEGEND_HEIGHT = 34; // stands at the bottom of the stage, in one line or more
const HINTS = 3; // so often the reader is told how to zoom

/**
 * @param {HTMLElement} stage
 * @param {(seen: Place) => void} onMove told what part of the picture is in view
 */
export function createViewport(stage, onMove) {
  /** @type {SVGSVGElement | null} */
  let svg = null;
  let [width, height] = [1, 1];
  let [x, y, scale] = [0, 0, 1];
  let touched = false;
  /** @type {Place | null} */
  let inSight = null; // what the last step was about
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  let moved = 0;
  let hints = 0;

  const apply = () => {
    if (svg) svg.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
    stage.dataset.scale = scale.toFixed(4);
    onMove({ x: -x / scale, y: -y / scale, width: stage.clientWidth / scale, height: stage.clientHeight / scale });
  };
  let legendHeight = LEGEND_HEIGHT;
  const room = () => ({ wide: stage.clientWidth - 2 * MARGIN, tall: stage.clientHeight - MARGIN - legendHeight });
  /**
   * The whole picture above the legend; its beginning where letters would be smaller than `readable` allows.
   * @param {number} largest
   * @param {number} readable
   */
  const show = (largest, readable) => {
    const { wide, tall } = room();
    const whole = Math.min(wide / width, tall / height);
    scale = Math.max(SMALLEST, Math.min(largest, whole < readable ? Math.max(readable, Math.min(1, wide / width)) : whole));
    x = Math.max(MARGIN, (stage.clientWidth - width * scale) / 2);
    y = Math.max(MARGIN, MARGIN + (tall - height * scale) / 2);
    apply();
  };
  const open = () => show(1.5, stage.clientWidth < 500 ? READABLE_ON_A_PHONE : READABLE);
  /**
   * @param {number} factor
   * @param {number} [atX] where in the stage stays put
   * @param {number} [atY]
   */
  const zoom = (factor, atX = stage.clientWidth / 2, atY = stage.clientHeight / 2) => {
    const next = Math.max(SMALLEST, Math.min(LARGEST, scale * factor));
    x = atX - ((atX - x) * next) / scale;
    y = atY - ((atY - y) * next) / scale;
    scale = next;
    touched = true;
    apply();
  };
  /** @param {{clientX: number, clientY: number}} event */
  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left - stage.clientLeft, y: event.clientY - box.top - stage.clientTop };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (fingers.size === 0) moved = 0;
    fingers.set(event.pointerId, place(event));
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    fingers.set(event.pointerId, now);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (moved < 4 && others.length === 0) return;
    if (!stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
    stage.classList.add("dragging");
    touched = true;
    if (others.length === 0) {
      x += now.x - before.x;
      y += now.y - before.y;
      apply();
      return;
    }
    const anchor = others[0];
    x += (now.x - before.x) / 2;
    y += (now.y - before.y) / 2;
    const distance = Math.hypot(before.x - anchor.x, before.y - anchor.y);
    if (distance > 0) zoom(Math.hypot(now.x - anchor.x, now.y - anchor.y) / distance, (now.x + anchor.x) / 2, (now.y + anchor.y) / 2);
  });
  /** @param {PointerEvent} event */
  const release = (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size === 0) stage.classList.remove("dragging");
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && !stage.matches(":focus-within")) return hint();
      event.preventDefault();
      const { x: atX, y: atY } = place(event);
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), atX, atY);
    },
    { passive: false },
  );
  /** The wheel scrolls the page: once in a while that is said where it was meant for the graph. */
  const hint = () => {
    if (!svg || hints === HINTS || stage.querySelector(".hint")) return;
    hints += 1;
    const words = el("p", { class: "hint", "aria-hidden": "true", onanimationend: () => words.remove() }, "Ctrl and the wheel zoom; drag to move");
    stage.append(words);
  };
  const observer = new ResizeObserver(() => {
    if (!svg || touched) return;
    open();
    if (inSight) reveal(inSight);
  });
  observer.observe(stage);
  /** @param {Place} box */
  const reveal = (box) => {
    inSight = box;
    const [left, right] = [x + box.x * scale, x + (box.x + box.width) * scale];
    const [top, bottom] = [y + box.y * scale, y + (box.y + box.height) * scale];
    const [wide, tall] = [stage.clientWidth, stage.clientHeight];
    if (left < MARGIN) x += MARGIN - left;
    else if (right > wide - MARGIN) x -= Math.min(right - wide + MARGIN, left - MARGIN);
    if (top < MARGIN) y += MARGIN - top;
    else if (bottom > tall - legendHeight) y -= Math.min(bottom - tall + legendHeight, top - MARGIN);
    apply();
  };

  return {
    /**
     * Shows another picture from its beginning; or where the reader was, with something held in its place.
     * @param {SVGSVGElement} next
     * @param {{from: Place | null, to: Place | null} | null} held where it stood, and where it stands in `next`
     */
    show(next, held) {
      svg = next;
      const box = next.viewBox.baseVal;
      [width, height] = [Math.max(1, box.width), Math.max(1, box.height)];
      next.setAttribute("width", String(width));
      next.setAttribute("height", String(height));
      if (held) {
        apply();
        const { from, to } = held;
        if (!from || !to) return;
        [x, y] = [x + (from.x - to.x) * scale, y + (from.y - to.y) * scale];
        return reveal(to);
      }
      touched = false;
      inSight = null;
      open();
    },
    /** Leaves room for a legend of another height, unless the reader has moved or zoomed. */
    settle(/** @type {number} */ height) {
      const wanted = Math.max(LEGEND_HEIGHT, height + 2);
      if (wanted === legendHeight) return;
      legendHeight = wanted;
      if (!svg || touched) return;
      open();
      if (inSight) reveal(inSight);
    },
    zoom,
    fit() {
      show(2, READABLE);
      touched = true;
      if (inSight) reveal(inSight);
    },
    /**
     * Moves so that a point of the picture stands in the middle.
     * @param {number} atX
     * @param {number} atY
     */
    centre(atX, atY) {
      [x, y] = [stage.clientWidth / 2 - atX * scale, stage.clientHeight / 2 - atY * scale];
      touched = true;
      apply();
    },
    /** Whether the pointer that was just released had dragged the picture instead of clicking it. */
    wasDrag: () => moved >= 4,
    /**
     * Whether a box of the picture can be seen as a whole at this scale.
     * @param {{width: number, height: number}} box
     */
    hasRoom: (box) => box.width * scale <= room().wide && box.height * scale <= room().tall,
    /** Moves as little as needed to bring a box of the picture into view. */
    reveal,
    scale: () => scale,
    stop: () => observer.disconnect(),
  };
}
