// @ts-check
// The things of a picture: frames of modules, links and boxes, each with its place and its words. Pure data: no document.

/** @typedef {import("../contract.js").Scene} Scene */
/** @typedef {{x: number, y: number, width: number, height: number}} Place from the picture's upper left corner */
/**
 * @typedef {{kind: "frame" | "link" | "box", key: string, classes: string, label: string, place: Place,
 *   opens: string, within: string, closes: string, number: number}} Thing
 *   `number`: in its list of the scene; `key` is empty of a frame, `closes` of all but a frame that can be closed
 */

/**
 * @param {number} from
 * @param {number} to
 * @param {number} size
 */
const span = (from, to, size) => [from - size, to - from + 2 * size];

const NEAR = 8; // px around a link: its line is wide, and its arrow
const LETTERS = 40; // px that the text beside a link may be away from it, at least

/**
 * The place that a link takes with its texts.
 * @param {Scene["links"][number]} link
 * @param {number} left
 * @param {number} top
 * @returns {Place}
 */
function linkPlace({ points, texts }, left, top) {
  const xs = points.filter((_, index) => index % 2 === 0);
  const ys = points.filter((_, index) => index % 2 === 1);
  for (const { x, y } of texts) {
    xs.push(x - LETTERS, x + LETTERS);
    ys.push(y);
  }
  const [x, width] = span(Math.min(...xs), Math.max(...xs), NEAR);
  const [y, height] = span(Math.min(...ys), Math.max(...ys), NEAR);
  return { x: x - left, y: y - top, width, height };
}

/**
 * Everything that is drawn, in the order in which it is: frames, links, boxes.
 * @param {Scene} scene
 * @returns {Thing[]}
 */
export function thingsOf({ view: [left, top], forms, frames, links, boxes }) {
  const none = { key: "", opens: "", within: "", closes: "" };
  return [
    ...frames.map(({ title, x, y, width, height, closes = "" }, number) => {
      const place = { x: x - left, y: y - top, width, height };
      return /** @type {Thing} */ ({ ...none, kind: "frame", classes: "", label: title, place, closes, number });
    }),
    ...links.map((link, number) => {
      const { key, classes, label } = link;
      return /** @type {Thing} */ ({ ...none, kind: "link", key, classes, label, place: linkPlace(link, left, top), number });
    }),
    ...boxes.map(({ key, classes, label, x, y, form, opens = "", within = "" }, number) => {
      const { width, height } = forms[form];
      const place = { x: x - left, y: y - top, width, height };
      return /** @type {Thing} */ ({ ...none, kind: "box", key, classes, label, place, opens, within, number });
    }),
  ];
}

/**
 * Whether something is on the side of the backward pass.
 * @param {Thing} thing
 */
export const isBackward = ({ classes }) => /\b(backward|node)\b/.test(classes);

/**
 * The key of what stands in a picture for a box of the one before it: the first box in it where it was opened, the
 * module around it where that was closed.
 * @param {readonly Thing[]} things
 * @param {Thing} gone
 * @returns {string | null}
 */
export function heirOf(things, gone) {
  const side = things.filter((thing) => thing.kind === "box" && isBackward(thing) === isBackward(gone));
  const isGiven = (/** @type {Thing} */ { classes }) => /\b(leaf|constant)\b/.test(classes);
  const inside = gone.opens ? side.filter(({ within }) => within === gone.opens || within.startsWith(`${gone.opens}.`)) : [];
  const names = gone.within.split(".");
  const around = names.map((_, index) => names.slice(0, names.length - index).join("."));
  const closed = around.map((path) => side.find(({ opens }) => path !== "" && opens === path));
  const heir = inside.find((thing) => !isGiven(thing)) ?? inside[0] ?? closed.find((thing) => thing !== undefined);
  return heir?.key ?? null;
}

const CELL = 800; // px

/** @param {Place} place @returns {[number, number][]} the cells of a grid that a place touches */
function cellsOf({ x, y, width, height }) {
  /** @type {[number, number][]} */
  const cells = [];
  for (let row = Math.floor(y / CELL); row <= Math.floor((y + height) / CELL); row++)
    for (let column = Math.floor(x / CELL); column <= Math.floor((x + width) / CELL); column++) cells.push([row, column]);
  return cells;
}

/**
 * Finds the things in a part of a picture without looking at all of them; a long link counts where it passes only.
 * @param {readonly Thing[]} things
 * @param {Scene} scene
 * @returns {(view: Place) => Set<Thing>}
 */
export function createGrid(things, { view: [left, top], links }) {
  /** @type {Map<string, Thing[]>} */
  const grid = new Map();
  for (const thing of things) {
    const points = thing.kind === "link" ? links[thing.number].points : [];
    const isLong = points.length > 8;
    const places = isLong ? [] : [thing.place];
    for (let at = 0; isLong && at + 7 < points.length; at += 6)
      places.push(linkPlace({ ...links[thing.number], points: points.slice(at, at + 8), texts: [] }, left, top));
    if (isLong) for (const { x, y } of links[thing.number].texts) places.push({ x: x - left - LETTERS, y: y - top, width: 2 * LETTERS, height: 1 });
    const names = new Set(places.flatMap(cellsOf).map(([row, column]) => `${row} ${column}`));
    for (const name of names) {
      const cell = grid.get(name);
      if (cell) cell.push(thing);
      else grid.set(name, [thing]);
    }
  }
  return (view) => new Set(cellsOf(view).flatMap(([row, column]) => grid.get(`${row} ${column}`) ?? []));
}
