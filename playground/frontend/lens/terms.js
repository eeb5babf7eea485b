// @ts-check
// What a cell is made of: the terms of a lens, read by a cell of the result (forward) or of an argument (backward).

/** @typedef {import("./contract.js").Board} Board */
/** @typedef {import("./contract.js").Lens} Lens */
/** @typedef {import("./contract.js").Operand} Operand */
/** @typedef {import("./contract.js").Sum} Sum */
/** @typedef {import("./contract.js").Term} Term */

const ROUNDING = 1e-4; // of what was summed: what a float32 may be off

/** @param {string} text base64 */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

/** @param {string | null} text */
const numbersOf = (text) => (text === null ? null : new Float64Array(bytesOf(text)));

/** @param {import("../stepper/contract.js").LensBoard} text @returns {Board} */
function boardOf({ key, item, name, axes, numbers, gradient, copies }) {
  const shape = axes.map(({ start, stop }) => stop - start);
  return { key, item, name, axes, shape, copies, numbers: new Float64Array(bytesOf(numbers)), gradient: numbersOf(gradient) };
}

/** @param {import("../stepper/contract.js").LensOperand} text @param {Board} board @param {number} count @returns {Operand} */
function operandOf({ cells, base, offset, local }, board, count) {
  const all = cells === null ? null : new Int32Array(bytesOf(cells));
  const [bases, offsets] = [base, offset].map((text) => new Int32Array(bytesOf(text ?? "")));
  const cell = all
    ? (/** @type {number} */ result, /** @type {number} */ term) => all[result * count + term]
    : (/** @type {number} */ result, /** @type {number} */ term) => bases[result] + offsets[term];
  return { board, cell, local: numbersOf(local) };
}

/** @param {import("../stepper/contract.js").Lens} text @returns {Lens} */
export function readLens(text) {
  const boards = text.operands.map(boardOf);
  const named = new Map(boards.map((board) => [board.key, board]));
  const operand = (/** @type {import("../stepper/contract.js").LensOperand} */ one, /** @type {number} */ count) =>
    operandOf(one, /** @type {Board} */ (named.get(one.key)), count);
  return {
    text,
    result: boardOf(text.result),
    boards,
    operands: text.terms.map((one) => operand(one, text.count)),
    count: text.count,
    factor: numbersOf(text.factor),
    added: text.added && operand(text.added, 1),
    rest: numbersOf(text.rest),
  };
}

/** The place of a cell in its tensor. @param {Board} board @param {number} cell @returns {number[]} */
export function placeIn({ axes, shape }, cell) {
  const place = axes.map(({ start }) => start);
  let left = cell;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    place[axis] += left % shape[axis];
    left = Math.floor(left / shape[axis]);
  }
  return place;
}

/** Whether a cell is in its tensor; what is not is padding. @param {Board} board @param {number} cell */
export function isInside(board, cell) {
  return placeIn(board, cell).every((at, axis) => at >= 0 && at < board.axes[axis].size);
}

/** A cell as it is written: "x[0, 3]". @param {Board} board @param {number} cell */
export function nameOf(board, cell) {
  const place = placeIn(board, cell);
  return place.length > 0 ? `${board.name}[${place.join(", ")}]` : board.name;
}

/** The cells of a term. @param {Lens} lens @param {number} result @param {number} term */
function readBy(lens, result, term) {
  return lens.operands.flatMap(({ board, cell }) => {
    const at = cell(result, term);
    return at < 0 ? [] : [{ board, cell: at, number: board.numbers[at] }];
  });
}

/** The derivative of a term by the cell that one operand has in it. @param {Lens} lens @param {number} position @param {number} result @param {number} term */
function derivativeOf(lens, position, result, term) {
  const { local } = lens.operands[position];
  const at = result * lens.count + term;
  if (local) return local[at];
  if (lens.text.combine === "moved") return 1;
  let product = lens.factor ? lens.factor[at] : 1;
  lens.operands.forEach(({ board, cell }, other) => {
    const place = cell(result, term);
    if (other !== position) product *= place < 0 ? 0 : board.numbers[place];
  });
  return product;
}

/** What a cell of the result is made of. @param {Lens} lens @param {number} result @returns {Sum} */
export function forwardSum(lens, result) {
  /** @type {Term[]} */
  const terms = [];
  for (let term = 0; term < lens.count; term += 1) {
    const cells = readBy(lens, result, term);
    if (cells.length === 0 || (lens.text.combine === "products" && cells.length < lens.operands.length)) continue;
    const factor = lens.factor ? lens.factor[result * lens.count + term] : 1;
    const product = cells.reduce((found, { number }) => found * number, factor);
    terms.push({ result, cells, adjoint: null, derivative: lens.factor ? factor : null, product });
  }
  const isFunction = lens.text.combine === "function";
  const at = lens.added ? lens.added.cell(result, 0) : -1;
  const added = lens.added ? { board: lens.added.board, cell: at, number: lens.added.board.numbers[at] } : null;
  const rest = lens.rest ? lens.rest[result] : 0;
  const total = terms.reduce((sum, { product }) => sum + product, 0) + (added?.number ?? 0) + rest;
  return { terms, added, rest, total: isFunction ? null : total, recorded: lens.result.numbers[result] };
}

/**
 * Where each cell of a board is used: pairs of a result and a term, one after the other. Made when it is first asked for.
 * @param {Lens} lens
 */
export function createUses(lens) {
  /** @type {Map<string, Map<number, number[]>>} */
  const known = new Map();
  /** @param {Board} board */
  const usesOf = (board) => {
    const found = known.get(board.key) ?? new Map();
    if (known.has(board.key)) return found;
    known.set(board.key, found);
    const results = lens.result.numbers.length;
    const note = (/** @type {number} */ cell, /** @type {number} */ result, /** @type {number} */ term) => {
      if (cell < 0) return;
      const uses = found.get(cell);
      if (uses) uses.push(result, term);
      else found.set(cell, [result, term]);
    };
    for (const { board: own, cell } of lens.operands) {
      if (own !== board) continue;
      for (let result = 0; result < results; result += 1) for (let term = 0; term < lens.count; term += 1) note(cell(result, term), result, term);
    }
    if (lens.added?.board === board) for (let result = 0; result < results; result += 1) note(lens.added.cell(result, 0), result, -1);
    return found;
  };
  return (/** @type {Board} */ board, /** @type {number} */ cell) => usesOf(board).get(cell) ?? [];
}

/**
 * What the gradient of an argument's cell is made of.
 * @param {Lens} lens
 * @param {ReturnType<typeof createUses>} usesOf
 * @param {Board} board
 * @param {number} cell
 * @returns {Sum}
 */
export function backwardSum(lens, usesOf, board, cell) {
  const uses = usesOf(board, cell);
  const adjoints = lens.result.gradient;
  const position = lens.operands.findIndex((operand) => operand.board === board);
  /** @type {Term[]} */
  const terms = [];
  for (let at = 0; at < uses.length; at += 2) {
    const [result, term] = [uses[at], uses[at + 1]];
    const adjoint = adjoints ? adjoints[result] : 0;
    const derivative = term < 0 ? 1 : derivativeOf(lens, position, result, term);
    const cells = term < 0 ? [] : readBy(lens, result, term).filter((one) => one.board !== board);
    terms.push({ result, cells, adjoint, derivative, product: adjoint * derivative });
  }
  const recorded = board.gradient ? board.gradient[cell] : 0;
  const total = terms.reduce((sum, { product }) => sum + product, 0);
  const size = terms.reduce((sum, { product }) => sum + Math.abs(product), Math.abs(recorded));
  const rest = isHidden(lens) && Math.abs(recorded - total) > ROUNDING * size ? recorded - total : 0;
  return { terms, added: null, rest, total, recorded };
}

/** Whether results that are not shown may use a board's cells, too. @param {Lens} lens */
function isHidden(lens) {
  return lens.result.axes.some(({ size, start, stop }) => stop - start < size);
}
