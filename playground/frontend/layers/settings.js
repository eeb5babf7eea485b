// @ts-check
// The settings of the layers page. The fields are made once: what somebody is typing survives every answer of the server.
import { el, replace } from "../shared/dom.js";
import { readContent, saysTheSame, written } from "./numbers.js";
import { fieldId, refusalMark } from "./refusals.js";
import { unfitField } from "./messages.js";

/** @typedef {import("./contract.js").StackFrame} Frame */
/** @typedef {import("./contract.js").Setting} Setting */

const FIRST = ["loss", "data", "batch"]; // the others follow in the order of the table

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
 * @param {ReturnType<typeof import("./typing.js").createTyping>} typing
 * @param {...HTMLElement} buttons that stand beside the settings
 */
export function createSettings(actions, refusals, typing, ...buttons) {
  const root = el("div", { class: "settings" });
  /** @type {((frame: Frame) => void)[]} */
  const updates = [];
  /** @type {Setting[]} */
  let settings = []; // of the last frame: what a batch can be of depends on the files that are there

  /** @param {string} name @param {string} choice */
  const offers = (name, choice) => settings.some((setting) => setting.name === name && setting.choices.includes(choice));

  /** @param {Setting} setting */
  function choiceField({ label, name }) {
    const id = fieldId(name, null);
    const choose = () => actions.set({ [name]: select.value, ...(name === "data" && offers("trains_on", select.value) ? { trains_on: select.value } : {}) });
    const select = el("select", { id, "data-testid": id, onchange: choose });
    const field = el("div", { class: "setting" }, el("label", { for: id }, label), select);
    updates.push((frame) => {
      const choices = settings.find((setting) => setting.name === name)?.choices ?? [];
      if (choices.join() !== [...select.options].map((option) => option.value).join())
        replace(select, ...choices.map((option) => el("option", { value: option }, option)));
      select.value = frame.document[name];
      markSetting(field, select, unfitRefusal(frame, name));
    });
    return field;
  }

  /** @param {Setting} setting */
  function textField({ label, name, kind }) {
    const id = fieldId(name, null);
    const input = el("input", { type: "text", size: "6", id, "data-testid": id, autocomplete: "off" });
    const field = el("div", { class: "setting" }, el("label", { for: id }, label), input);
    typing.follow(input, id, (text) => {
      refusals.tried(id, text);
      const content = readContent(text, kind);
      actions.set({ [name]: kind === "shape" && typeof content === "number" ? [content] : content }, id);
    });
    updates.push((frame) => {
      const refusal = refusals.of(id) ?? unfitRefusal(frame, name);
      const text = typing.textOf(id) ?? refusals.typedIn(id) ?? written(frame.document[name]);
      if (!saysTheSame(input.value, text, kind)) input.value = text;
      markSetting(field, input, refusal);
    });
    return field;
  }

  return {
    root,
    /** @param {Frame} frame */
    update(frame) {
      settings = frame.settings;
      if (updates.length === 0) {
        const first = frame.settings.filter((setting) => FIRST.includes(setting.name));
        const others = frame.settings.filter((setting) => !FIRST.includes(setting.name));
        const fields = [...first, ...others].map((setting) => (setting.kind === "choice" ? choiceField(setting) : textField(setting)));
        replace(root, ...fields, el("span", { class: "history" }, ...buttons));
      }
      for (const update of updates) update(frame);
    },
  };
}
