// @ts-check
// The curve of a function of one number with its derivative, and the numbers of the call on it.
import { el } from "../shared/dom.js";
import { shape } from "../stepper/graph/draw.js";
import { brief } from "./board.js";

const [WIDTH, HEIGHT, EDGE] = [360, 220, 26];
const FLAT = 1e-3; // a slope that passes on next to nothing

/** @typedef {import("../stepper/contract.js").LensCurve} LensCurve */

/**
 * @param {LensCurve} curve
 * @param {Float64Array} numbers that the call read
 */
export function createCurve({ points, values, slopes }, numbers) {
  const known = [...values, ...slopes].filter((number) => number !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)];
  const x = (/** @type {number} */ at) => EDGE + ((at - points[0]) / (points[points.length - 1] - points[0])) * (WIDTH - 2 * EDGE);
  const y = (/** @type {number} */ at) => HEIGHT - EDGE - ((at - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE);
  const path = (/** @type {(number | null)[]} */ line) =>
    line
      .map((number, at) => (number === null ? "" : `${at > 0 && line[at - 1] !== null ? "L" : "M"}${x(points[at]).toFixed(1)} ${y(number).toFixed(1)}`))
      .join("");
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img" });
  svg.append(shape("path", { d: `M${EDGE} ${y(0)}H${WIDTH - EDGE}`, class: "axis" }));
  if (points[0] < 0 && points[points.length - 1] > 0) svg.append(shape("path", { d: `M${x(0)} ${EDGE}V${HEIGHT - EDGE}`, class: "axis" }));
  svg.append(shape("path", { d: path(values), class: "value" }), shape("path", { d: path(slopes), class: "slope" }));
  const near = (/** @type {number} */ at) => {
    const step = (points[points.length - 1] - points[0]) / (points.length - 1);
    return Math.max(0, Math.min(points.length - 1, Math.round((at - points[0]) / step)));
  };
  const finite = numbers.filter(Number.isFinite);
  for (const at of finite.slice(0, 400)) {
    const value = values[near(at)];
    if (value !== null) svg.append(shape("circle", { cx: x(at), cy: y(value), r: 3, class: "read" }));
  }
  const ends = [points[0], points[points.length - 1]].map(brief);
  const labels = [ends[0], ends[1]].map((text, at) => {
    const label = shape("text", { x: at ? WIDTH - EDGE : EDGE, y: HEIGHT - 8 });
    label.textContent = text;
    return label;
  });
  const place = shape("circle", { r: 5, class: "current" });
  const tangent = shape("path", { class: "tangent" });
  svg.append(...labels, tangent, place);
  const flat = finite.filter((at) => Math.abs(slopes[near(at)] ?? 0) < FLAT).length;
  const words = `${flat} of ${finite.length} numbers lie where the slope is below ${FLAT}: next to no gradient passes there.`;
  svg.setAttribute("aria-label", `The function and its derivative from ${ends[0]} to ${ends[1]}. ${words}`);
  const legend = el(
    "figcaption",
    {},
    el("b", { class: "of-value" }, "f"),
    " and ",
    el("b", { class: "of-slope" }, "f′"),
    `, with the numbers of this call. ${words}`,
  );
  const element = el("figure", { class: "curve", "data-testid": "lens-curve" }, legend);
  element.append(svg);
  return {
    element,
    /** @param {number} at the number of the cell that is looked at */
    mark(at) {
      const value = Number.isFinite(at) ? values[near(at)] : null;
      const slope = slopes[near(at)];
      for (const one of [place, tangent]) one.toggleAttribute("hidden", value === null);
      if (value === null) return;
      place.setAttribute("cx", String(x(at)));
      place.setAttribute("cy", String(y(value)));
      const half = (points[points.length - 1] - points[0]) / 8;
      const line = slope === null ? "" : `M${x(at - half)} ${y(value - half * slope)}L${x(at + half)} ${y(value + half * slope)}`;
      tangent.setAttribute("d", line);
    },
  };
}
