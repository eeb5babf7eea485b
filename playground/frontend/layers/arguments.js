// @ts-check
// The fields of a layer's arguments in its row, or their texts where the list is read-only.
import { el } from "../shared/dom.js";
import { readContent, saysTheSame, written } from "./numbers.js";
import { fieldId, refusalMark } from "./refusals.js";

/** @typedef {import("./contract.js").Row} Row */
/** @typedef {import("./contract.js").Argument} Argument */

const LEFT_OUT = ["eps", "momentum"]; // not worth a field in every row; the text has them

/** @typedef {{actions: import("./contract.js").Actions, refusals: import("./contract.js").Refusals, typing: ReturnType<typeof import("./typing.js").createTyping>}} Around */

/**
 * @param {Row} row
 * @param {Around} around
 * @returns {HTMLElement[]}
 */
export function argumentFields(row, around) {
  return row.arguments.filter((argument) => !LEFT_OUT.includes(argument.name)).map((argument) => argumentField(row, argument, around));
}

/**
 * @param {Row} row
 * @returns {HTMLElement[]}
 */
export function argumentTexts(row) {
  const listed = row.arguments.filter((argument) => !LEFT_OUT.includes(argument.name) && argument.content !== null);
  return listed.map((argument) => el("span", { class: "argument", title: argument.meaning }, `${argument.name} `, el("code", {}, written(argument.content))));
}

/**
 * @param {Row} row
 * @param {Argument} argument
 * @param {Around} around
 */
function argumentField(row, argument, { actions, refusals, typing }) {
  const label = `${argument.name} of ${row.name ?? row.kind}`;
  const id = fieldId(argument.name, row.path);
  const known = { "data-focus": id, "data-testid": id, "aria-label": label };
  const edit = (/** @type {any} */ content) => actions.change({ name: "set", path: row.path, argument: argument.name, content }, { kind: id });
  if (argument.kind === "bool") {
    const box = el("input", { type: "checkbox", checked: argument.content, ...known, onchange: () => edit(box.checked) });
    return el("label", { class: "argument", title: argument.meaning }, box, argument.name);
  }
  const refusal = refusals.of(id);
  const [content, last] = [written(argument.content), typing.lastIn(id)];
  const said = last !== null && saysTheSame(last, content, argument.kind) ? last : content;
  const input = el("input", {
    type: "text",
    value: typing.textOf(id) ?? refusals.typedIn(id) ?? said,
    placeholder: argument.inferred ? "inferred" : "",
    size: "4",
    autocomplete: "off",
    ...known,
  });
  typing.follow(input, id, (text) => {
    refusals.tried(id, text);
    edit(readContent(text, argument.kind));
  });
  const field = el("label", { class: argument.inferred ? "argument pin" : "argument", title: argument.meaning }, argument.name, input);
  const words = refusalMark(input, id, refusal);
  return words ? el("span", { class: "argument-refused" }, field, words) : field;
}
