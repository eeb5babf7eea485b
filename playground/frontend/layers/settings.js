// @ts-check
// The settings of the layers page. The fields are made once: what somebody is typing survives every answer of the server.
import { el, replace } from "../shared/dom.js";
import { readContent, written } from "./numbers.js";
import { fieldId, refusalMark } from "./refusals.js";
import { unfitField } from "./messages.js";

/** @typedef {import("./contract.js").StackFrame} Frame */

/**
 * A setting that is taken, and keeps the stack from running.
 * @param {Frame} frame
 * @param {string} name
 * @returns {import("./contract.js").Refusal | null}
 */
function unfitRefusal(frame, name) {
  if (frame.error === null || unfitField(frame) !== name) return null;
  return { typed: written(frame.document[name]), message: `${frame.error.message}; ${frame.error.hint}` };
}

/**
 * @param {HTMLElement} field
 * @param {HTMLElement} input in it
 * @param {import("./contract.js").Refusal | null} refusal
 */
function markSetting(field, input, refusal) {
  field.querySelector(".refused")?.remove();
  const words = refusalMark(input, input.id, refusal);
  if (words) field.append(words);
}

/**
 * @param {import("./contract.js").Actions} actions
 * @param {import("./contract.js").Refusals} refusals
 * @param {...HTMLElement} buttons that stand beside the settings
 */
export function createSettings(actions, refusals, ...buttons) {
  const root = el("div", { class: "settings" });
  /** @type {((frame: Frame) => void)[]} */
  const updates = [];

  /**
   * @param {string} label
   * @param {string} name
   * @param {string[]} options
   */
  function choiceField(label, name, options) {
    const id = fieldId(name, null);
    const select = el(
      "select",
      { id, "data-testid": id, onchange: () => actions.set({ [name]: select.value }) },
      ...options.map((option) => el("option", { value: option }, option)),
    );
    const field = el("div", { class: "setting" }, el("label", { for: id }, label), select);
    updates.push((frame) => {
      select.value = frame.document[name];
      markSetting(field, select, unfitRefusal(frame, name));
    });
    return field;
  }

  /**
   * @param {string} label
   * @param {string} name
   * @param {string} kind
   */
  function textField(label, name, kind) {
    const id = fieldId(name, null);
    const input = el("input", { type: "text", size: "6", id, "data-testid": id, autocomplete: "off" });
    const field = el("div", { class: "setting" }, el("label", { for: id }, label), input);
    let unsent = false;
    input.addEventListener("input", () => (unsent = true));
    input.addEventListener("change", () => {
      unsent = false;
      refusals.tried(id, input.value);
      const content = readContent(input.value, kind);
      actions.set({ [name]: kind === "shape" && typeof content === "number" ? [content] : content });
    });
    updates.push((frame) => {
      const refusal = refusals.of(id) ?? unfitRefusal(frame, name);
      if (!unsent) input.value = refusal ? refusal.typed : written(frame.document[name]);
      markSetting(field, input, refusal);
    });
    return field;
  }

  return {
    root,
    /** @param {Frame} frame */
    update(frame) {
      if (updates.length === 0) {
        replace(
          root,
          choiceField("Loss", "loss", frame.losses),
          choiceField("Batch of", "data", ["digits", "random"]),
          textField("N", "batch", "int"),
          textField("Input", "input_shape", "shape"),
          textField("Classes", "classes", "int"),
          choiceField("Optimizer", "optimizer", frame.optimizers),
          textField("Learning rate", "learning_rate", "float"),
          textField("Seed", "rng_seed", "int"),
          choiceField("Graph", "graph", ["forward", "backward", "both"]),
          el("span", { class: "history" }, ...buttons),
        );
      }
      for (const update of updates) update(frame);
    },
  };
}
