// @ts-check
// The settings of the layers page. The fields are made once: what somebody is typing survives every answer of the server.
import { el, replace } from "./dom.js";
import { readContent, written } from "./stack_numbers.js";
import { fieldId, refusalMark } from "./stack_refusals.js";

/** @typedef {import("./stack_contract.js").StackFrame} Frame */

/**
 * @param {import("./stack_contract.js").Actions} actions
 * @param {import("./stack_contract.js").Refusals} refusals
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
    const select = el("select", { "data-testid": `set-${name}`, onchange: () => actions.set({ [name]: select.value }) }, ...options.map((option) => el("option", { value: option }, option)));
    updates.push((frame) => (select.value = frame.document[name]));
    return el("label", { class: "setting" }, label, select);
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
      const refusal = refusals.of(id);
      if (!unsent) input.value = refusal ? refusal.typed : written(frame.document[name]);
      field.querySelector(".refused")?.remove();
      const words = refusalMark(input, id, refusal);
      if (words) field.append(words);
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
