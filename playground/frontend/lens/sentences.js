// @ts-check
// A cell of a lens in words and numbers: what stands beside the picture, and instead of it for whoever does not see it.
import { brief } from "./board.js";
import { nameOf } from "./terms.js";

/** @typedef {import("./contract.js").Board} Board */
/** @typedef {import("./contract.js").Lens} Lens */
/** @typedef {import("./contract.js").Sum} Sum */
/** @typedef {import("./contract.js").Term} Term */

/** Four or more digits, for numbers that are compared. @param {number} number */
export function precise(number) {
  if (!Number.isFinite(number)) return brief(number);
  const size = Math.abs(number);
  const text = size !== 0 && (size < 1e-4 || size >= 1e7) ? number.toExponential(5) : String(Number(number.toPrecision(7)));
  return text.replaceAll("-", "−");
}

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** @param {{board: Board, cell: number, number: number}} one */
const withNumber = ({ board, cell, number }) => `${nameOf(board, cell)} = ${precise(number)}`;

/** @param {Lens} lens @param {number} cell @param {Sum} sum */
export function forwardSentence(lens, cell, { terms, added, rest, recorded }) {
  const name = nameOf(lens.result, cell);
  const { combine, written } = lens.text;
  if (combine === "moved") {
    const [from] = terms.flatMap(({ cells }) => cells);
    return from ? `${name} is ${withNumber(from)}, as it is.` : `${name} = ${precise(recorded)} was put there by the call.`;
  }
  if (combine === "function") {
    const numbers = terms[0]?.cells.map(({ number }) => precise(number)) ?? [];
    const line = terms.length === 1 ? written.replace(/\{(\d)\}/g, (_, at) => numbers[Number(at)] ?? "") : `${written} of ${counted(terms.length, "cell")}`;
    return `${name} = ${line} = ${precise(recorded)}.`;
  }
  const noun = lens.operands.length > 1 ? "product" : "term";
  const extra = (added ? ` and ${withNumber(added)}` : "") + (rest ? ` and ${precise(rest)} from terms that are not shown` : "");
  return `${name} is the sum of ${counted(terms.length, noun)}${extra}: ${precise(recorded)}.`;
}

/** @param {Board} board @param {number} cell @param {Sum} sum */
export function backwardSentence(board, cell, { terms, rest, recorded }) {
  const name = nameOf(board, cell);
  if (terms.length === 0 && !rest) return `${name} is used by no cell of the result: its gradient through this call is 0.`;
  const extra = rest ? ` and ${precise(rest)} from cells that are not shown` : "";
  return `The gradient of ${name} through this call is the sum of ${counted(terms.length, "term")}, adjoint times derivative${extra}: ${precise(recorded)}.`;
}

/**
 * The terms as a table: heads and rows of text, with the running sum.
 * @param {Lens} lens
 * @param {Sum} sum
 * @param {Board | null} target of whose gradient; null: forward
 * @param {number} most rows
 * @returns {{heads: string[], rows: string[][]}}
 */
export function termTable(lens, sum, target, most) {
  const isBackward = target !== null;
  let running = 0;
  const rows = sum.terms.slice(0, most).map((term) => {
    running += term.product;
    const cells = term.cells.map(withNumber);
    const factors = isBackward ? backwardCells(lens, term, cells) : forwardCells(lens, term, cells);
    return [...factors, precise(term.product), precise(running)];
  });
  const width = rows.length > 0 ? rows[0].length - 2 : 1;
  const blank = Array(width - 1).fill("");
  const hidden = sum.terms.slice(most).reduce((found, { product }) => found + product, 0);
  const later = (/** @type {string} */ name, /** @type {number} */ number) => rows.push([name, ...blank, precise(number), precise((running += number))]);
  if (sum.terms.length > most) later(`${counted(sum.terms.length - most, "term")} more`, hidden);
  if (sum.added) later(nameOf(sum.added.board, sum.added.cell), sum.added.number);
  if (sum.rest) later("what is not shown", sum.rest);
  const heads = isBackward ? ["adjoint", "derivative"] : [...lens.operands.map(({ board }) => board.name), ...(lens.factor ? ["times"] : [])];
  return { heads: [...heads.slice(0, width), "term", "sum so far"], rows };
}

/**
 * The cells that a cell of a function's result moves with, and its derivatives by them.
 * @param {Lens} lens
 * @param {number} cell
 * @param {number} most rows
 */
export function derivativeTable(lens, cell, most) {
  /** @type {string[][]} */
  const rows = [];
  for (let term = 0; term < lens.count; term += 1) {
    for (const { board, cell: read, local } of lens.operands) {
      const at = read(cell, term);
      if (at >= 0 && local) rows.push([withNumber({ board, cell: at, number: board.numbers[at] }), precise(local[cell * lens.count + term])]);
    }
  }
  if (rows.length > most) rows.splice(most, rows.length, [`${rows.length - most} more cells`, ""]);
  return { heads: ["cell", `derivative of ${nameOf(lens.result, cell)}`], rows };
}

/** @param {Lens} lens @param {Term} term @param {string[]} cells */
function forwardCells(lens, { derivative }, cells) {
  return lens.factor ? [...cells, precise(derivative ?? 1)] : cells;
}

/** @param {Lens} lens @param {Term} term @param {string[]} cells of the other arguments */
function backwardCells(lens, { result, adjoint, derivative }, cells) {
  const isProduct = lens.text.combine === "products" && !lens.factor && cells.length > 0;
  return [`∂/∂${nameOf(lens.result, result)} = ${precise(adjoint ?? 0)}`, isProduct ? cells.join(" · ") : precise(derivative ?? 0)];
}
