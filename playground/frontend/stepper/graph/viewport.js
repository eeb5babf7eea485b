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
 * @param {HTMLElement} legend stands over the foot of the stage: room is left for it
 * @param {(seen: Place) => void} onMove told what part of the picture is in view
 */
export function createViewport(stage, legend, onMove) {
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

  // Sizes are read where the browser has laid the page out anyway: to ask for one after a change has it done at once.
  let [stageWidth, stageHeight, legendHeight] = [0, 0, LEGEND_HEIGHT];
  const measure = () => {
    [stageWidth, stageHeight] = [stage.clientWidth, stage.clientHeight];
    legendHeight = Math.max(LEGEND_HEIGHT, legend.offsetHeight + 8);
  };

  const apply = () => {
    if (svg) svg.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
    stage.dataset.scale = scale.toFixed(4);
    onMove({ x: -x / scale, y: -y / scale, width: stageWidth / scale, height: stageHeight / scale });
  };
  const room = () => ({ wide: stageWidth - 2 * MARGIN, tall: stageHeight - MARGIN - legendHeight });
  /**
   * The whole picture above the legend; its beginning where letters would be smaller than `readable` allows.
   * @param {number} largest
   * @param {number} readable
   */
  const show = (largest, readable) => {
    const { wide, tall } = room();
    const whole = Math.min(wide / width, tall / height);
    scale = Math.max(SMALLEST, Math.min(largest, whole < readable ? Math.max(readable, Math.min(1, wide / width)) : whole));
    x = Math.max(MARGIN, (stageWidth - width * scale) / 2);
    y = Math.max(MARGIN, MARGIN + (tall - height * scale) / 2);
    apply();
  };
  const open = () => show(1.5, stageWidth < 500 ? READABLE_ON_A_PHONE : READABLE);
  /**
   * @param {number} factor
   * @param {number} [atX] where in the stage stays put
   * @param {number} [atY]
   */
  const zoom = (factor, atX = stageWidth / 2, atY = stageHeight / 2) => {
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
    measure();
    if (!svg || touched) return;
    open();
    if (inSight) reveal(inSight);
  });
  for (const part of [stage, legend]) observer.observe(part);
  /** @param {Place} box */
  const reveal = (box) => {
    inSight = box;
    const [left, right] = [x + box.x * scale, x + (box.x + box.width) * scale];
    const [top, bottom] = [y + box.y * scale, y + (box.y + box.height) * scale];
    const [wide, tall] = [stageWidth, stageHeight];
    if (left < MARGIN) x += MARGIN - left;
    else if (right > wide - MARGIN) x -= Math.min(right - wide + MARGIN, left - MARGIN);
    if (top < MARGIN) y += MARGIN - top;
    else if (bottom > tall - legendHeight) y -= Math.min(bottom - tall + legendHeight, top - MARGIN);
    apply();
  };

  return {
    /**
     * Shows another picture from its beginning; or where the reader was, with something held in its place.
     * @param {SVGSVGElement} next not on the page yet, so that it is laid out once
     * @param {{width: number, height: number}} size of the picture
     * @param {{from: Place | null, to: Place | null} | null} held where it stood, and where it stands in `next`
     */
    show(next, size, held) {
      svg = next;
      [width, height] = [Math.max(1, size.width), Math.max(1, size.height)];
      if (stageWidth === 0) measure();
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
      [x, y] = [stageWidth / 2 - atX * scale, stageHeight / 2 - atY * scale];
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
    /** The stage's own size, in px. */
    room: () => ({ wide: stageWidth, tall: stageHeight }),
    stop: () => observer.disconnect(),
  };
}
