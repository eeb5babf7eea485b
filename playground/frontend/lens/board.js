// @ts-check
// One tensor of a lens as a board of cells: rows and columns of its last two axes, a plane for each place on the others.
import { el, replace } from "../shared/dom.js";
import { shape } from "../stepper/graph/draw.js";
import { isInside, nameOf } from "./terms.js";

/** @typedef {import("./contract.js").Board} Board */

const SIDE = 340; // pixels of a plane, at most
const LEAST_CELL = 9;
const MOST_CELL = 46;
const WRITTEN_CELL = 34; // from this size on the number stands in the cell
const PLANES = 3; // side by side; of more, one is chosen

/** A number in the few characters of a cell. @param {number} number */
export function brief(number) {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  const text = size >= 1 ? String(Number(number.toPrecision(3))) : String(Number(number.toFixed(2)));
  const isLost = size !== 0 && (size < 0.005 || size >= 10000);
  return (isLost ? number.toExponential(0) : text).replaceAll("-", "−");
}

/**
 * @param {Board} board
 * @param {{hover: (cell: number | null) => void, choose: (cell: number) => void, isUsed: (cell: number) => boolean}} actions
 */
export function createBoard(board, { hover, choose, isUsed }) {
  const rows = board.shape.length > 1 ? board.shape[board.shape.length - 2] : 1;
  const columns = board.shape.length > 0 ? board.shape[board.shape.length - 1] : 1;
  const each = rows * columns;
  const planes = each ? board.numbers.length / each : 0;
  const [down, across] = board.copies;
  const size = Math.max(LEAST_CELL, Math.min(MOST_CELL, Math.floor(SIDE / Math.max(rows * down, columns * across, 1))));
  /** @type {Map<number, Element>} the cells that are drawn */
  const drawn = new Map();
  /** @type {Map<number, Element>} and what is written in them */
  const written = new Map();
  /** @type {Set<Element>} */
  const marked = new Set();
  let first = 0; // of the planes
  let values = board.numbers;
  let marks = /** @type {Marks} */ ({ current: null, involved: [] });

  const caption = el("figcaption", {});
  const chooser = el("select", { "aria-label": `Plane of ${board.name}`, "data-testid": `plane-${board.key}` });
  for (let plane = 0; plane < planes && planes > PLANES; plane += 1) chooser.append(el("option", { value: plane }, planeName(board, plane * each)));
  chooser.addEventListener("change", () => show(Number(chooser.value)));
  const stage = el("div", { class: "planes" });
  const element = el("figure", { class: "board", "data-board": board.key }, caption, planes > PLANES ? el("label", {}, "Plane ", chooser) : null, stage);

  /** @param {Event} event */
  const cellOf = ({ target }) => {
    const at = target instanceof Element ? target.getAttribute("data-cell") : null;
    return at === null ? null : Number(at);
  };
  stage.addEventListener("pointerover", (event) => hover(cellOf(event)));
  stage.addEventListener("pointerleave", () => hover(null));
  stage.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell !== null && isInside(board, cell)) choose(cell);
  });

  /** @param {number} from the first plane */
  function show(from) {
    first = from;
    chooser.value = String(from);
    drawn.clear();
    written.clear();
    const shown = planes > PLANES ? [from] : Array.from({ length: planes }, (_, plane) => plane);
    replace(stage, ...shown.map((plane) => /** @type {Node} */ (planeOf(plane))));
    paint();
    mark(marks);
  }
  /** @param {number} plane */
  function planeOf(plane) {
    const [width, height] = [columns * across * size + 2, rows * down * size + 2];
    const label = `${planeName(board, plane * each)}: ${rows} × ${columns} cells${down * across > 1 ? `, read as ${rows * down} × ${columns * across}` : ""}`;
    const svg = shape("svg", { viewBox: `-1 -1 ${width} ${height}`, width, height, role: "img", "aria-label": label });
    for (let row = 0; row < rows * down; row += 1) {
      for (let column = 0; column < columns * across; column += 1) {
        const cell = plane * each + (row % rows) * columns + (column % columns);
        svg.append(...cellAt(cell, column * size, row * size, row >= rows || column >= columns));
      }
    }
    return svg;
  }
  /** @param {number} cell @param {number} x @param {number} y @param {boolean} isCopy of a stretched axis */
  function cellAt(cell, x, y, isCopy) {
    const kind = isCopy ? "copy" : !isInside(board, cell) ? "padding" : isUsed(cell) ? "cell" : "unused";
    const rect = shape("rect", { x, y, width: size, height: size, "data-cell": cell, class: kind });
    const parts = [rect];
    if (kind === "unused") parts.push(shape("path", { d: `M${x + 2} ${y + 2}l${size - 4} ${size - 4}`, class: "unused" }));
    const text = size < WRITTEN_CELL ? null : shape("text", { x: x + size / 2, y: y + size / 2 + 4, class: kind });
    if (text) parts.push(text);
    if (isCopy) {
      if (text) text.textContent = brief(board.numbers[cell]);
      return parts;
    }
    drawn.set(cell, rect);
    if (text) written.set(cell, text);
    return parts;
  }
  /** Colours and numbers of what is shown. */
  function paint() {
    const most = values.reduce((found, number) => (Number.isFinite(number) ? Math.max(found, Math.abs(number)) : found), 0);
    for (const [cell, rect] of drawn) {
      const number = values[cell];
      /** @type {SVGElement} */ (rect).style.setProperty("--strength", String(most && Number.isFinite(number) ? Math.abs(number) / most : 0));
      rect.classList.toggle("below", number < 0);
      const text = written.get(cell);
      if (text) text.textContent = brief(number);
    }
  }
  /** @param {Marks} next */
  function mark(next) {
    for (const rect of marked) rect.classList.remove("current", "involved");
    marked.clear();
    marks = next;
    /** @param {number} cell @param {string} name */
    const put = (cell, name) => {
      const rect = drawn.get(cell);
      if (!rect) return;
      rect.classList.add(name);
      marked.add(rect);
    };
    for (const cell of next.involved) put(cell, "involved");
    if (next.current !== null) put(next.current, "current");
  }

  return {
    element,
    mark,
    /** @param {"primal" | "adjoint"} role */
    role(role) {
      values = role === "adjoint" ? (board.gradient ?? board.numbers.map(() => 0)) : board.numbers;
      element.dataset.role = role;
      replace(caption, el("b", {}, role === "adjoint" ? `gradient of ${board.name}` : board.name), ` ${shapeText(board)}`);
      paint();
    },
    /** Shows the plane that a cell is on. @param {number} cell */
    reveal(cell) {
      const plane = Math.floor(cell / each);
      if (planes > PLANES && plane !== first) show(plane);
    },
    show: () => show(0),
  };
}

/** @typedef {{current: number | null, involved: number[]}} Marks */

/** The axes of a board with their names: "(N 0, C 3, H 22, W 22)". @param {Board} board */
function shapeText({ axes }) {
  const parts = axes.map(({ name, size, start, stop }) => (stop - start === 1 && size > 1 ? `${name} = ${start}` : `${name} ${size}`));
  return parts.length > 0 ? `(${parts.join(", ")})` : "(a single number)";
}

/** @param {Board} board @param {number} cell the first one of a plane */
function planeName(board, cell) {
  return nameOf(board, cell).replace(/-?\d+, -?\d+\]$/, ":, :]");
}
