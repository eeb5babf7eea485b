// @ts-check
// A tensor's full values as tables: one for a vector or matrix, one per slice for more dimensions.
import { el } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";
import { createScroller } from "./scroller.js";

/** @typedef {import("../contract.js").Numbers} Numbers */

const CELLS_SHOWN = 4096;

/**
 * @param {Numbers} value
 * @returns {string}
 */
export function formatNumber(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const text = String(Number(value.toPrecision(6)));
  return text.includes("e") ? value.toExponential(4) : text;
}

/**
 * @param {Numbers} data
 * @returns {number[]}
 */
export function shapeOf(data) {
  return Array.isArray(data) ? [data.length, ...(data.length > 0 ? shapeOf(data[0]) : [])] : [];
}

/**
 * The matrices of a tensor of any dimension, with the index of each: "[0, 2, :, :]"; an empty index for up to two dimensions.
 * @param {Numbers} data
 * @returns {{index: string, rows: Numbers[][]}[]}
 */
export function matrices(data) {
  const depth = shapeOf(data).length;
  if (depth === 0) return [{ index: "", rows: [[data]] }];
  if (depth === 1) return [{ index: "", rows: [/** @type {Numbers[]} */ (data)] }];
  /** @type {{index: string, rows: Numbers[][]}[]} */
  const found = [];
  /** @param {Numbers} part @param {number[]} index */
  const walk = (part, index) => {
    if (index.length === depth - 2) found.push({ index: depth > 2 ? `[${index.join(", ")}, :, :]` : "", rows: /** @type {Numbers[][]} */ (part) });
    else /** @type {Numbers[]} */ (part).forEach((inner, i) => walk(inner, [...index, i]));
  };
  walk(data, []);
  return found;
}

/**
 * @param {Numbers[][]} rows
 * @param {string} label
 * @param {(row: number, column: number) => string | null} place the index of a cell: "0, 2"
 */
function matrixTable(rows, label, place) {
  const head = el("tr", {}, el("td", {}), ...(rows[0] ?? []).map((_, column) => el("th", { scope: "col" }, String(column))));
  const body = rows.map((row, index) =>
    el("tr", {}, el("th", { scope: "row" }, String(index)), ...row.map((cell, column) => el("td", { "data-index": place(index, column) }, formatNumber(cell)))),
  );
  return el("table", { "aria-label": label }, el("thead", {}, head), el("tbody", {}, ...body));
}

/**
 * @param {Numbers} data null where it is too large to send
 * @param {string} title
 * @param {"primal" | "adjoint"} role
 */
export function valueView(data, title, role) {
  const view = el("section", { class: `values ${role}` }, el("h3", {}, el("span", termOf(role), title)));
  if (data === null) return (view.append(el("p", { class: "muted" }, "Too large to show in full.")), view);
  const shape = shapeOf(data);
  if (shape.length === 0) return (view.append(el("p", { class: "number" }, formatNumber(data))), view);
  if (shape.includes(0)) return (view.append(el("p", { class: "muted" }, `No elements: shape (${shape.join(", ")}).`)), view);
  const content = el("div", { class: "matrices" });
  let cells = 0;
  for (const { index, rows } of matrices(data)) {
    if (cells >= CELLS_SHOWN) {
      content.append(el("p", { class: "muted" }, `The first ${cells} values are shown.`));
      break;
    }
    cells += rows.length * rows[0].length;
    if (index) content.append(el("h4", {}, index));
    const lead = index.slice(1, -1).replace(":, :", ""); // "0, 2, " of "[0, 2, :, :]"
    const place = (/** @type {number} */ row, /** @type {number} */ column) => (shape.length === 1 ? String(column) : `${lead}${row}, ${column}`);
    content.append(matrixTable(rows, index ? `${title} ${index}` : title, place));
  }
  view.append(createScroller(`${title}, all values`, content).element);
  return view;
}
