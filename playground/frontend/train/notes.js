// @ts-check
// Notes beside the settings, each with buttons that change the settings it is about; and the button that trains all folds.
import { el, replace } from "../shared/dom.js";

/** @typedef {import("./contract.js").SetupFrame} SetupFrame */

/**
 * @param {(fields: Record<string, string | boolean>) => void} change
 * @param {() => void} trainFolds
 */
export function createNotes(change, trainFolds) {
  const notes = el("div", { class: "notes", role: "status", "data-testid": "train-notes" });
  const button = el("button", { type: "button", "data-testid": "train-all-folds", onclick: trainFolds });
  const about = el("span", { class: "note" });
  const folds = el("div", { class: "row" }, button, about);
  const root = el("div", {}, notes, folds);
  let drawn = "";
  return {
    root,
    /** @param {SetupFrame} frame */
    update(frame) {
      folds.hidden = frame.folds === null;
      button.textContent = frame.folds?.label ?? "";
      about.textContent = frame.folds?.note ?? "";
      const now = JSON.stringify(frame.notes);
      if (now === drawn) return;
      drawn = now;
      const cure = (/** @type {SetupFrame["notes"][0]["cures"][0]} */ { label, fields }) => [
        " ",
        el("button", { type: "button", class: "cure", onclick: () => change(fields) }, label),
      ];
      replace(notes, ...frame.notes.map(({ text, cures }) => el("p", {}, text, ...cures.flatMap(cure))));
    },
  };
}
