// @ts-check
// The leaves: one row per free name of the text, with its value, its slider's range, dtype and requires_grad.
import { createDebounce } from "../../shared/debounce.js";
import { el, prose, replace, setAttribute } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";
import { createSliderRange, widened } from "./slider_range.js";
import { isLiteral } from "./stated.js";

/** @typedef {import("../contract.js").LeafRow} LeafRow */
/** @typedef {import("../contract.js").LeafSetting} LeafSetting */
/** @typedef {{element: HTMLElement, show: (row: LeafRow, force: boolean, isUnderText: boolean) => void}} Row */

const DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "bool"];

/**
 * A slider's number as text, with as many decimals as its step has.
 * @param {number} value
 * @param {number} step
 */
export function sliderText(value, step) {
  const decimals = Math.max(1, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9)));
  return value.toFixed(decimals);
}

/**
 * @param {string} name
 * @param {(change: Partial<LeafSetting>, kind: string) => void} onChange
 * @returns {Row}
 */
function createLeafRow(name, onChange) {
  const field = el("input", {
    type: "text",
    class: "leaf-value",
    "data-testid": `leaf-${name}`,
    "aria-label": `Value of ${name}`,
    spellcheck: "false",
    autocomplete: "off",
  });
  const slider = el("input", { type: "range", class: "leaf-slider", "data-testid": `slider-${name}`, "aria-label": `Slider of ${name}` });
  const dtype = el("select", { class: "leaf-dtype", "data-testid": `dtype-${name}`, "aria-label": `dtype of ${name}` });
  const grad = el("input", { type: "checkbox", "data-testid": `grad-${name}`, "aria-label": `requires_grad of ${name}` });
  const gradLabel = el("label", { class: "leaf-grad" }, grad, el("span", termOf("grad", true), "grad"));
  const range = createSliderRange(name, (slider_range) => onChange({ slider_range }, `range-${name}`));
  /** @type {number[] | null} */
  let given = null; // the slider's range, where somebody chose it
  const error = el("p", { class: "leaf-error", id: `leaf-error-${name}`, hidden: true });
  const element = el(
    "div",
    { class: "leaf", role: "group", "aria-label": name },
    el("span", { class: "leaf-name" }, name),
    el("div", { class: "leaf-reach" }, slider, range.button),
    field,
    dtype,
    gradLabel,
    range.line,
    error,
  );

  const showSlider = () => {
    const number = Number(field.value);
    if (field.value.trim() !== "" && Number.isFinite(number)) slider.value = String(number);
    slider.style.setProperty("--done", `${(100 * (Number(slider.value) - Number(slider.min))) / (Number(slider.max) - Number(slider.min) || 1)}%`);
  };
  let isUnderText = false;
  const debounced = createDebounce((/** @type {string | null} */ problem) => {
    error.hidden = problem === null || isUnderText;
    replace(error, ...prose(problem ?? ""));
    setAttribute(field, "aria-invalid", problem ? "true" : null);
    setAttribute(field, "aria-describedby", problem ? error.id : null);
  });
  field.addEventListener("input", () => {
    debounced.typed();
    showSlider();
    const number = field.value.trim() === "" ? NaN : Number(field.value);
    const slider_range = Number.isFinite(number) ? widened(given, number) : given;
    onChange({ value: field.value, slider_range }, `value-${name}`);
    if (element.classList.contains("stated") && !isLiteral(field.value)) debounced.set("a number, or a list of numbers: it is written into the text");
  });
  slider.addEventListener("input", () => {
    field.value = sliderText(Number(slider.value), Number(slider.step));
    showSlider();
    onChange({ value: field.value, slider_range: given && [Number(slider.min), Number(slider.max)] }, `value-${name}`);
  });
  dtype.addEventListener("change", () => onChange({ dtype: dtype.value }, `dtype-${name}`));
  grad.addEventListener("change", () => onChange({ requires_grad: grad.checked }, `grad-${name}`));

  return {
    element,
    show(row, force, isShownUnderText) {
      element.classList.toggle("tensor", !row.is_scalar);
      slider.hidden = !row.is_scalar;
      if (!slider.matches(":active")) {
        // else it would shrink under the thumb
        slider.min = String(row.minimum ?? -10);
        slider.max = String(row.maximum ?? 10);
        slider.step = String(row.step ?? 0.1);
      }
      given = row.slider_range;
      range.show(row);
      element.classList.toggle("stated", Boolean(row.stated));
      for (const control of [dtype, grad]) {
        control.disabled = Boolean(row.stated);
        setAttribute(control, "title", row.stated ? "the text says it" : null);
      }
      if (force) {
        if (field.value !== row.value) field.value = row.value;
        const names = DTYPES.includes(row.dtype) ? DTYPES : [...DTYPES, row.dtype];
        if (dtype.options.length !== names.length) dtype.replaceChildren(...names.map((value) => el("option", { value }, value)));
        dtype.value = row.dtype;
        grad.checked = row.requires_grad;
      }
      showSlider();
      isUnderText = isShownUnderText;
      debounced.set(row.error);
    },
  };
}

/**
 * @param {{onChange: (name: string, change: Partial<LeafSetting>, kind: string) => void}} actions
 */
export function createLeaves({ onChange }) {
  const element = el("div", { class: "leaves", role: "group", "aria-label": "Leaves", "data-testid": "leaves" });
  /** @type {Map<string, Row>} */
  const rows = new Map();
  return {
    element,
    /**
     * @param {readonly LeafRow[]} leaves
     * @param {boolean} force whether the server's values replace what stands in the fields
     * @param {string | null} [underText] the leaf whose error stands under the text
     */
    show(leaves, force, underText = null) {
      const wanted = new Set(leaves.map((leaf) => leaf.name));
      for (const [name, row] of rows) {
        if (wanted.has(name)) continue;
        row.element.remove();
        rows.delete(name);
      }
      leaves.forEach((leaf, index) => {
        let row = rows.get(leaf.name);
        const isNew = row === undefined;
        if (!row) rows.set(leaf.name, (row = createLeafRow(leaf.name, (change, kind) => onChange(leaf.name, change, kind))));
        if (element.children[index] !== row.element) element.insertBefore(row.element, element.children[index] ?? null);
        row.show(leaf, force || isNew, leaf.name === underText);
      });
      element.hidden = leaves.length === 0;
    },
  };
}
