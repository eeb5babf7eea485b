// @ts-check
// A lens on the screen: boards, the cell that is looked at, its terms; played, stepped and chosen cell by cell. Nothing of
// it asks the server but another place on an axis of which only a part is shown.
import { el, icon, iconButton, replace } from "../shared/dom.js";
import { createBoard } from "./board.js";
import { createCurve } from "./curve.js";
import { backwardSentence, derivativeTable, forwardSentence, precise, termTable } from "./sentences.js";
import { backwardSum, createUses, forwardSum, isInside, readLens } from "./terms.js";

/** @typedef {import("./contract.js").Board} Board */
/** @typedef {import("./contract.js").Sum} Sum */
/** @typedef {import("../stepper/contract.js").Lens} LensText */

const CELL_MS = 700;
const SPEEDS_OF_CELLS = [0.5, 1, 2, 4, 8];
const MOST_ROWS = 64;
const FORWARD = "result";

/**
 * @param {LensText} text
 * @param {((picks: Record<string, number>) => void) | null} ask for other places; null where nobody answers
 * @param {{direction: string, cell: number} | null} from where to begin
 * @param {(place: {direction: string, cell: number}) => void} moved what to do when another cell is looked at
 */
export function createLens(text, ask, from = null, moved = () => {}) {
  const lens = readLens(text);
  const uses = createUses(lens);
  let direction = FORWARD;
  let cell = 0;
  let speed = 1;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;

  const isUsed = (/** @type {Board} */ board) => (/** @type {number} */ at) => uses(board, at).length > 0;
  const drawn = new Map(
    [...lens.boards, lens.result].map((board) => {
      const whole = board === lens.result;
      return [
        board.key,
        createBoard(board, { hover: (at) => preview(board, at), choose: (at) => choose(board, at), isUsed: whole ? () => true : isUsed(board) }),
      ];
    }),
  );
  const curve = text.curve && createCurve(text.curve, lens.boards[0].numbers);
  const ways = el("div", { class: "segmented", role: "group", "aria-label": "Direction" });
  const sentence = el("p", { class: "sentence", "data-testid": "lens-sentence", "aria-live": "polite" });
  const check = el("p", { class: "muted", "data-testid": "lens-check" });
  const head = el("tr", {});
  const body = el("tbody", {});
  const table = el("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": "Terms" }, el("table", {}, el("thead", {}, head), body));
  const scrub = el("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "Cell", "data-testid": "lens-scrub" });
  const position = el("span", { class: "position", "data-testid": "lens-position" });
  const play = iconButton("play", "Play (Space)", () => toggle(), { "data-testid": "lens-play" });
  const pace = el("select", { "aria-label": "Speed" }, ...SPEEDS_OF_CELLS.map((one) => el("option", { value: one, selected: one === 1 }, `${one}×`)));
  pace.addEventListener("change", () => (speed = Number(pace.value)));
  scrub.addEventListener("input", () => user(cells()[Number(scrub.value)]));
  const bar = el(
    "div",
    { class: "cell-bar" },
    iconButton("first", "First cell (Home)", () => user(cells()[0]), { "data-testid": "lens-first" }),
    iconButton("back", "One cell back (←)", () => by(-1), { "data-testid": "lens-back" }),
    play,
    iconButton("forward", "One cell on (→)", () => by(1), { "data-testid": "lens-on" }),
    iconButton("last", "Last cell (End)", () => user(cells()[cells().length - 1]), { "data-testid": "lens-last" }),
    scrub,
    position,
    pace,
  );
  const sign = (/** @type {string} */ mark) => el("span", { class: "sign", "aria-hidden": "true" }, mark);
  const between = text.combine === "products" && lens.boards.length > 1 ? "×" : "";
  const pictures = lens.boards.flatMap(({ key }, at) => [at && between ? sign(at === 1 ? between : "+") : null, drawn.get(key)?.element ?? null]);
  const stage = el("div", { class: "boards", "data-testid": "lens-boards" }, ...pictures, sign("="), drawn.get(FORWARD)?.element ?? null);
  const picks = el("div", { class: "picks", hidden: text.picks.length === 0 }, ...text.picks.map(pickOf));
  const notes = el("ul", { class: "notes", hidden: text.notes.length === 0 }, ...text.notes.map((note) => el("li", {}, note)));
  const terms = el("section", { class: "terms", "aria-label": "The terms of the cell" }, table, check);
  const element = el(
    "div",
    { class: "lens", "data-family": text.family },
    el("p", { class: "arithmetic" }, text.formula),
    ways,
    picks,
    bar,
    sentence,
    stage,
    terms,
    curve && curve.element,
    notes,
  );
  element.addEventListener("keydown", onKey);

  const targets = lens.boards.filter((board) => board.gradient !== null && lens.result.gradient !== null);
  for (const [key, label] of [[FORWARD, `Forward: ${lens.result.name}`], ...targets.map((board) => [board.key, `Backward: gradient of ${board.name}`])])
    ways.append(el("button", { type: "button", "data-direction": key, onclick: () => turn(key) }, label));

  /** @param {import("../stepper/contract.js").LensPick} pick */
  function pickOf({ axis, size, at, width }) {
    const input = el("input", { type: "number", min: 0, max: size - width, step: 1, value: at, "data-testid": `pick-${axis}`, disabled: ask === null });
    const send = () => {
      const to = Math.max(0, Math.min(size - width, Math.round(Number(input.value))));
      if (Number.isFinite(to)) ask?.({ ...Object.fromEntries(text.picks.map((pick) => [pick.axis, pick.at])), [axis]: to });
    };
    input.addEventListener("change", send);
    return el(
      "label",
      {},
      width > 1 ? `${axis} from ` : `${axis} `,
      input,
      el("small", { class: "muted" }, width > 1 ? `${width} of ${size}` : `0–${size - 1}`),
    );
  }

  const target = () => (direction === FORWARD ? null : (lens.boards.find(({ key }) => key === direction) ?? null));
  /** @type {Map<string, number[]>} the cells of each board that can be looked at */
  const known = new Map();
  function cells() {
    const board = target() ?? lens.result;
    const found = known.get(board.key) ?? Array.from(board.numbers.keys()).filter((at) => isInside(board, at));
    known.set(board.key, found);
    return found;
  }
  /** @param {Board | null} board @param {number} at @returns {Sum} */
  const sumOf = (board, at) => (board ? backwardSum(lens, uses, board, at) : forwardSum(lens, at));

  /** What a cell reads and feeds, on all boards. @param {Board | null} board null: the result @param {number} at @param {Sum} sum */
  function mark(board, at, sum) {
    /** @type {Map<string, number[]>} */
    const involved = new Map();
    const note = (/** @type {string} */ key, /** @type {number} */ place) => {
      const noted = involved.get(key);
      if (noted) noted.push(place);
      else involved.set(key, [place]);
    };
    for (const { result, cells: read } of sum.terms) {
      for (const one of read) note(one.board.key, one.cell);
      if (board) note(FORWARD, result);
    }
    if (sum.added) note(sum.added.board.key, sum.added.cell);
    for (const [key, shown] of drawn) shown.mark({ current: key === (board?.key ?? FORWARD) ? at : null, involved: involved.get(key) ?? [] });
  }
  /** Looks at a cell as long as the pointer is over it. @param {Board} board @param {number | null} at */
  function preview(board, at) {
    if (timer !== null) return;
    if (at === null || !isInside(board, at)) return show(false);
    const own = board === lens.result ? null : board;
    mark(own, at, sumOf(own, at));
  }
  /** @param {Board} board @param {number} at */
  function choose(board, at) {
    const to = board === lens.result ? FORWARD : board.key;
    if (to !== FORWARD && !targets.includes(board)) return;
    if (to !== direction) turn(to, at);
    else user(at);
  }
  /** @param {string} to @param {number} [at] */
  function turn(to, at) {
    stop();
    direction = to;
    cell = at ?? cells()[0] ?? 0;
    show(true);
  }
  /** @param {number} at */
  function user(at) {
    stop();
    goto(at);
  }
  /** @param {number} at */
  function goto(at) {
    cell = at;
    show(false);
  }
  /** @param {number} distance in cells */
  function by(distance) {
    const all = cells();
    user(all[Math.max(0, Math.min(all.length - 1, all.indexOf(cell) + distance))]);
  }
  function stop() {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    replace(play, icon("play"));
    play.setAttribute("aria-label", "Play (Space)");
  }
  function toggle() {
    if (timer !== null) return stop();
    const all = cells();
    if (cell === all[all.length - 1]) goto(all[0]);
    replace(play, icon("pause"));
    play.setAttribute("aria-label", "Pause (Space)");
    const tick = () => {
      const next = all.indexOf(cell) + 1;
      if (next >= all.length) return stop();
      timer = setTimeout(tick, CELL_MS / speed);
      goto(all[next]);
    };
    timer = setTimeout(tick, CELL_MS / speed);
  }
  /** @param {boolean} isTurned whether the direction is another one */
  function show(isTurned) {
    const board = target();
    const all = cells();
    if (isTurned) {
      for (const [key, shown] of drawn) shown.role(board && (key === FORWARD || key === board.key) ? "adjoint" : "primal");
      for (const button of ways.children) button.setAttribute("aria-pressed", String(button.getAttribute("data-direction") === direction));
      element.dataset.direction = board ? "backward" : "forward";
      scrub.max = String(Math.max(0, all.length - 1));
    }
    const sum = sumOf(board, cell);
    drawn.get(board?.key ?? FORWARD)?.reveal(cell);
    mark(board, cell, sum);
    scrub.value = String(all.indexOf(cell));
    position.textContent = `${all.indexOf(cell) + 1} / ${all.length}`;
    const words = board ? backwardSentence(board, cell, sum) : forwardSentence(lens, cell, sum);
    sentence.textContent = words;
    scrub.setAttribute("aria-valuetext", words);
    showTerms(sum, board);
    moved({ direction, cell });
    if (curve) curve.mark(lens.boards[0].numbers[board ? cell : lens.operands[0].cell(cell, 0)]);
  }
  /** @param {Sum} sum @param {Board | null} board */
  function showTerms(sum, board) {
    const isSum = board !== null || text.combine === "products";
    const derivatives = text.combine === "function" ? derivativeTable(lens, cell, MOST_ROWS) : { heads: [], rows: [] };
    const { heads, rows } = isSum ? termTable(lens, sum, board, MOST_ROWS) : derivatives;
    table.hidden = rows.length === 0;
    replace(head, ...heads.map((name) => el("th", { scope: "col" }, name)));
    replace(body, ...rows.map((row) => el("tr", {}, ...row.map((one) => el("td", {}, one)))));
    const isPart = board !== null && sum.rest !== 0; // other places of what can be picked have terms, too
    const own = isSum && sum.total !== null ? `${isPart ? "The terms that are shown" : "Summed"}: ${precise(sum.total)}. ` : "";
    check.textContent = own && `${own}PyTorch's: ${precise(sum.recorded)}.`;
  }
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key !== "Escape") event.stopPropagation(); // the stepper behind keeps its place
    const { target: at } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || (at instanceof Element && at.matches("input[type=number], select"))) return;
    const rows = (target() ?? lens.result).shape;
    const wide = rows.length > 0 ? rows[rows.length - 1] : 1;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide, Home: -Infinity, End: Infinity };
    const move = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (move !== undefined) by(move);
    else if (event.key === " " && !(at instanceof Element && at.matches("button"))) toggle();
    else return;
    event.preventDefault();
  }

  for (const shown of drawn.values()) shown.show();
  if (from && (from.direction === FORWARD || targets.some(({ key }) => key === from.direction))) direction = from.direction;
  cell = from && cells().includes(from.cell) ? from.cell : (cells()[0] ?? 0);
  show(true);
  return { element, stop, state: () => ({ direction, cell }), focus: () => play.focus() };
}
