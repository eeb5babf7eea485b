// @ts-check
// The one matrix that two linear maps are: its numbers where it is small, else a heat map with shape and range.
import { el } from "../shared/dom.js";

/** @param {import("./contract.js").Matrix} matrix */
function matrixFigure(matrix) {
  const label = `${matrix.name}, shape ${matrix.shape}`;
  const caption = el("figcaption", {}, el("b", {}, matrix.name), ` ${matrix.shape}, ${matrix.range}`);
  if (matrix.numbers === null) {
    const image = el("img", { src: matrix.image, alt: `heat map of ${label}` });
    return el("figure", { class: "matrix" }, caption, image);
  }
  const rows = matrix.numbers.map((row) => el("tr", {}, ...row.map((number) => el("td", {}, number))));
  const table = el("table", { "aria-label": label }, el("tbody", {}, ...rows));
  return el("figure", { class: "matrix" }, caption, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table));
}

/** @param {NonNullable<import("./contract.js").Caution["one_map"]>} map */
export function oneMapFigure(map) {
  return el(
    "div",
    { class: "one-map", "data-testid": "one-map" },
    el("p", { class: "why" }, map.message),
    matrixFigure(map.weight),
    map.bias ? matrixFigure(map.bias) : null,
  );
}
