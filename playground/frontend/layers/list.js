// @ts-check
// The table of layers: blocks unfold into branches, each with its rows, and a layer can be added at any place.
import { el, iconButton, replace } from "../shared/dom.js";
import { termOf } from "../shared/terms.js";
import { createAdding, layerMenu } from "./add.js";
import { spelled, weight } from "./numbers.js";
import { branchRow, layerRow, sizeCell } from "./rows.js";

/** @typedef {import("./contract.js").StackFrame} Frame */
/** @typedef {import("./contract.js").Path} Path */

const HEADS = ["Layer", "Arguments", "Output", "Parameters", "Products", "Saved", "Sees"];
/** @type {Record<string, string>} */
const HEAD_CLASSES = { Arguments: "arguments", Output: "shape", Change: "acts" };

/**
 * @param {import("./contract.js").Actions} actions
 * @param {import("./contract.js").Folds} folds
 * @param {import("./contract.js").Refusals} refusals
 * @param {ReturnType<typeof import("./typing.js").createTyping>} typing
 */
export function createList(actions, folds, refusals, typing) {
  const bar = el("div", { class: "fold-bar" });
  const scroll = el("div", { class: "scroll" });
  const note = el("p", { class: "list-note", "data-testid": "list-note" });
  const root = el("div", { class: "list" }, note, bar, scroll);
  const adding = createAdding(actions);
  let sequence = -1;

  /** @param {Frame} frame */
  function showBar(frame) {
    if (!frame.rows.some((row) => row.branches)) return replace(bar);
    /** @param {string} label @param {boolean} isFolded */
    const button = (label, isFolded) => {
      const id = label.toLowerCase().replace(" ", "-");
      const fold = () => {
        folds.setAll(isFolded);
        actions.redraw(id);
      };
      return el("button", { type: "button", class: "words", "data-testid": id, "data-focus": id, onclick: fold }, label);
    };
    replace(bar, button("Fold all", true), button("Unfold all", false));
  }

  /**
   * The rows of one branch, or of the whole stack, in order.
   * @param {Frame} frame
   * @param {Path} prefix
   * @param {number} columns
   * @returns {(HTMLElement | null)[]}
   */
  function rowsIn(frame, prefix, columns) {
    const around = { frame, actions, folds, refusals, typing, adding };
    const here = frame.rows.filter((row) => row.path.length === prefix.length + 1 && prefix.every((part, index) => row.path[index] === part));
    const chooser = (/** @type {number} */ place) => (adding.isAt([...prefix, place]) ? adding.row(frame, columns) : null);
    return [
      chooser(0),
      ...here.flatMap((row, index) => {
        const branches = folds.isFolded(row.path) ? [] : [...Array(row.branches).keys()];
        const inside = branches.flatMap((branch) => [
          row.editable === false ? null : branchRow(row, branch, columns, around),
          ...rowsIn(frame, [...row.path, branch], columns),
        ]);
        return [layerRow(row, around), ...inside, chooser(index + 1)];
      }),
    ];
  }

  /** @param {Frame} frame */
  function inputRow(frame) {
    const label = "Add a layer at the start";
    const button = iconButton("plus", label, () => adding.start([0], label, "Add first"), {
      class: "act",
      "data-testid": "add-first",
      "data-focus": "Add first",
    });
    const acts = frame.editable ? el("td", { class: "acts" }, button) : null;
    return el(
      "tr",
      { class: "input" },
      el("th", { scope: "row" }, "Input"),
      el("td", { class: "arguments" }),
      el("td", { class: "shape" }, frame.input),
      el("td", { class: "rest", colspan: "4" }),
      acts,
    );
  }

  /** @param {Frame} frame */
  function totalRow(frame) {
    const totals = frame.totals;
    if (!totals) return null;
    const place = [frame.rows.filter((row) => row.path.length === 1).length];
    const add = (/** @type {string} */ kind) => actions.change({ name: "insert", path: place, kind }, { key: "add-layer" });
    const menu = frame.editable ? layerMenu(frame, "Add a layer", add, { "data-testid": "add-layer", "data-focus": "add-layer" }) : null;
    return el(
      "tr",
      { class: "totals", "data-testid": "totals" },
      el("th", { scope: "row" }, "Total"),
      el("td", { class: "arguments" }, menu),
      el("td", { class: "shape", "data-head": "Output" }, totals.output ?? "–"),
      sizeCell("Parameters", spelled(totals.parameters)),
      sizeCell("Products", spelled(totals.multiplications)),
      sizeCell("Saved", weight(totals.saved)),
      el("td", { class: "rest", colspan: frame.editable ? "2" : "1" }),
    );
  }

  /** @param {string} head */
  const headCell = (head) => el("th", { scope: "col", class: HEAD_CLASSES[head] ?? null }, el("span", termOf(head), head));

  return {
    root,
    /** @param {Frame} frame */
    update(frame) {
      if (frame.sequence !== sequence) adding.forget();
      sequence = frame.sequence;
      note.textContent = frame.note;
      showBar(frame);
      const heads = frame.editable ? [...HEADS, "Change"] : HEADS;
      const rows = [inputRow(frame), ...rowsIn(frame, [], heads.length), totalRow(frame)];
      replace(
        scroll,
        el("table", { class: "layers", "aria-label": "The layers" }, el("thead", {}, el("tr", {}, ...heads.map(headCell))), el("tbody", {}, ...rows)),
      );
    },
  };
}
