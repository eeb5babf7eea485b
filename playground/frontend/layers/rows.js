// @ts-check
// One row of the list: a layer, a block that folds, or the head of a branch.
import { el, icon, iconButton } from "../shared/dom.js";
import { argumentFields, argumentTexts } from "./arguments.js";
import { pathKey } from "./folds.js";
import { NONE, spelled, weight } from "./numbers.js";

/** @typedef {import("./contract.js").StackFrame} Frame */
/** @typedef {import("./contract.js").Row} Row */
/** @typedef {import("./contract.js").Path} Path */
/**
 * @typedef {{frame: Frame, actions: import("./contract.js").Actions, folds: import("./contract.js").Folds,
 *   refusals: import("./contract.js").Refusals, typing: ReturnType<typeof import("./typing.js").createTyping>,
 *   adding: ReturnType<typeof import("./add.js").createAdding>}} Around
 */

const INDENT = 16; // pixels a level

/** @param {Row} row @param {Frame} frame */
export const isEditable = (row, frame) => frame.editable && row.editable !== false;

/** @param {number} levels */
const indented = (levels) => `padding-inline-start:${6 + INDENT * levels}px`;

/**
 * Whether `path` is the row's own, or hidden in it.
 * @param {Row} row
 * @param {Path} path
 * @param {boolean} isFolded
 */
const concerns = (row, path, isFolded) => pathKey(path) === pathKey(row.path) || (isFolded && pathKey(path).startsWith(`${pathKey(row.path)}.`));

/**
 * What the receptive field means, or why there is none.
 * @param {Row} row
 */
function seen(row) {
  if (row.field) return "one output depends on so many places of the input along each axis";
  if (row.editable === false) return "not followed through a class";
  if (row.gives === null) return "not known beyond the layer that does not fit";
  return "not followed: the input has no places, or a layer up to here mixes whole axes (Flatten, Reshape, Linear, LayerNorm, AdaptiveAvgPool2d), turns windows round (ConvTranspose2d), or joins different strides";
}

/**
 * One number of a layer, under its head, or beside it where the layer is a card.
 * @param {string} head
 * @param {string} text
 * @param {string} [formula]
 * @param {string | null} [title]
 */
export function sizeCell(head, text, formula = "", title = null) {
  return el("td", { class: text === NONE ? "number none" : "number", "data-head": head, title }, text, formula ? el("small", {}, formula) : null);
}

/**
 * @param {Row} row
 * @param {Around} around
 */
export function layerRow(row, around) {
  const { frame, folds } = around;
  const isFolded = folds.isFolded(row.path);
  const isBad = frame.problem !== null && concerns(row, frame.problem.path, isFolded);
  const isWarned = frame.cautions.some((caution) => concerns(row, caution.path, isFolded));
  const canEdit = isEditable(row, frame);
  return el(
    "tr",
    {
      class: [isBad ? "bad" : "", row.gives === null ? "unknown" : "", isWarned ? "warned" : "", row.branches ? "block" : ""].join(" ").trim(),
      "data-testid": `row-${pathKey(row.path)}`,
    },
    el(
      "th",
      { scope: "row", style: indented((row.path.length - 1) / 2), title: row.meaning },
      row.branches ? foldButton(row, isFolded, around) : null,
      row.kind,
      isWarned ? el("span", { class: "flag", title: "a warning stands beside the list" }, " !") : null,
    ),
    el("td", { class: "arguments" }, ...(row.branches ? blockWords(row, isFolded, around) : canEdit ? argumentFields(row, around) : argumentTexts(row))),
    el(
      "td",
      { class: "shape", title: row.shape_rule, "data-head": "Output" },
      row.gives ?? (isBad ? "does not fit" : "?"),
      row.formula ? el("small", {}, row.formula) : null,
    ),
    sizeCell("Parameters", spelled(row.parameters), row.parameters_formula),
    sizeCell("Products", spelled(row.multiplications)),
    sizeCell("Saved", weight(row.saved)),
    sizeCell("Sees", row.field ? row.field.join("×") : NONE, "", seen(row)),
    canEdit ? el("td", { class: "acts" }, ...rowActs(row, around)) : frame.editable ? el("td") : null,
  );
}

/**
 * @param {Row} row
 * @param {boolean} isFolded
 * @param {Around} around
 */
function foldButton(row, isFolded, { folds, actions }) {
  const key = pathKey(row.path);
  const label = `${row.name ?? row.kind}: what is in it`;
  const fold = () => {
    folds.toggle(row.path);
    actions.redraw(`fold-${key}`);
  };
  return el(
    "button",
    {
      type: "button",
      class: "fold",
      "aria-expanded": String(!isFolded),
      "aria-label": label,
      title: isFolded ? "Unfold" : "Fold",
      "data-focus": `fold-${key}`,
      "data-testid": `fold-${key}`,
      onclick: fold,
    },
    icon("forward"),
  );
}

/**
 * What stands in the place of arguments: how a class is made, how much is folded away, the button for one branch more.
 * @param {Row} row
 * @param {boolean} isFolded
 * @param {Around} around
 * @returns {HTMLElement[]}
 */
function blockWords(row, isFolded, { frame, actions }) {
  const texts = row.editable === false ? argumentTexts(row) : [];
  if (isFolded) {
    const inside = frame.rows.filter((other) => other.branches === 0 && pathKey(other.path).startsWith(`${pathKey(row.path)}.`)).length;
    return [...texts, el("span", { class: "folded" }, `${inside} ${inside === 1 ? "layer" : "layers"} folded`)];
  }
  if (!row.more_branches || !isEditable(row, frame)) return texts;
  const key = pathKey(row.path);
  const add = () => actions.change({ name: "add branch", path: row.path }, { key: `Remove branch-${key}.${row.branches}` });
  return [
    el("button", { type: "button", class: "words", "data-testid": `add-branch-${key}`, "data-focus": `Add branch-${key}`, onclick: add }, "Add a branch"),
  ];
}

/**
 * The head of one branch of an unfolded block.
 * @param {Row} block
 * @param {number} branch
 * @param {number} columns
 * @param {Around} around
 */
export function branchRow(block, branch, columns, { frame, actions, adding }) {
  const path = [...block.path, branch];
  const key = pathKey(path);
  const name = block.more_branches ? `Branch ${branch + 1}` : "Body";
  const of = `${name.toLowerCase()} of ${block.name ?? block.kind}`;
  const start = `Add first-${key}`;
  const remove = () => actions.change({ name: "remove branch", path: block.path, branch }, { key: `Add branch-${pathKey(block.path)}` });
  const acts = isEditable(block, frame)
    ? [
        iconButton("plus", `Add a layer at the start of ${of}`, () => adding.start([...path, 0], `Add a layer at the start of ${of}`, start), {
          class: "act",
          "data-testid": `add-first-${key}`,
          "data-focus": start,
        }),
        block.more_branches
          ? iconButton("remove", `Remove ${of}`, remove, { class: "act", "data-testid": `remove-branch-${key}`, "data-focus": `Remove branch-${key}` })
          : null,
      ]
    : [];
  const level = (block.path.length - 1) / 2 + 1;
  const head = el("th", { scope: "row", colspan: frame.editable ? columns - 1 : columns, style: indented(level) }, name);
  return el("tr", { class: "branch", "data-testid": `branch-${key}` }, head, frame.editable ? el("td", { class: "acts" }, ...acts) : null);
}

/**
 * @param {Row} row
 * @param {Around} around
 */
function rowActs(row, { actions, folds, adding }) {
  const key = pathKey(row.path);
  const name = row.name ?? row.kind;
  const at = (/** @type {number} */ by) => [...row.path.slice(0, -1), Math.max(0, row.path[row.path.length - 1] + by)];
  /** @param {string} label @param {"up" | "down" | "copy" | "remove" | "plus"} glyph @param {() => void} action */
  const act = (label, glyph, action) =>
    iconButton(glyph, `${label} ${name}`, action, {
      class: "act",
      title: label,
      "data-testid": `${label.toLowerCase().replace(/ /g, "-")}-${key}`,
      "data-focus": `${label}-${key}`,
    });
  const move = (/** @type {string} */ label, /** @type {number} */ by) => () =>
    actions.change({ name: "move", path: row.path, by, opened: !folds.isFolded(at(by)) }, { focus: label, key: pathKey(at(by)) });
  return [
    act("Move up", "up", move("Move up", -1)),
    act("Move down", "down", move("Move down", 1)),
    act("Add below", "plus", () => adding.start(at(1), `Add a layer below ${name}`, `Add below-${key}`)),
    act("Duplicate", "copy", () => actions.change({ name: "duplicate", path: row.path }, { focus: "Duplicate", key: pathKey(at(1)) })),
    act("Remove", "remove", () => actions.change({ name: "remove", path: row.path }, { focus: "Remove", key: pathKey(at(-1)) })),
  ];
}
