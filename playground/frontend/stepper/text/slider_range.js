// @ts-check
// From where to where a leaf's slider goes: shown under it, and changed in the line that a click opens.
import { el, setAttribute } from "../../shared/dom.js";

const NARROWEST = 1e-6; // as the server has it
const FARTHEST = 1e300;

/** @param {number} end */
export const endText = (end) => String(Number(end.toPrecision(6))).replace("-", "−");

/**
 * The range that two texts say; null where they say none.
 * @param {string} low
 * @param {string} high
 * @returns {[number, number] | null}
 */
export function rangeOf(low, high) {
  const ends = [low, high].map((text) => (text.trim() === "" ? NaN : Number(text.replace("−", "-"))));
  const isRange = ends.every((end) => Math.abs(end) <= FARTHEST) && ends[1] - ends[0] >= NARROWEST;
  return isRange ? [ends[0], ends[1]] : null;
}

/**
 * A range that was given, as wide as a value needs it.
 * @param {number[] | null} range
 * @param {number} value
 * @returns {[number, number] | null}
 */
export function widened(range, value) {
  return range && [Math.min(range[0], value), Math.max(range[1], value)];
}

/**
 * @param {string} name of the leaf
 * @param {(range: [number, number] | null) => void} onChange null: by the value again
 */
export function createSliderRange(name, onChange) {
  const id = `range-${name}`;
  const button = el("button", { type: "button", class: "leaf-ends", "aria-expanded": "false", "aria-controls": id, "data-testid": id, onclick: toggle });
  const field = (/** @type {string} */ end) =>
    el("input", {
      type: "text",
      inputmode: "text",
      class: "leaf-end",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `${end} of the slider of ${name}`,
      "data-testid": `${end.toLowerCase()}-${name}`,
    });
  const [least, most] = [field("Least"), field("Most")];
  const again = el("button", { type: "button", class: "text-button small", onclick: () => onChange(null) }, "By the value");
  const line = el("div", { class: "leaf-range", id, hidden: true }, "from", least, "to", most, again);
  function toggle() {
    line.hidden = !line.hidden;
    button.setAttribute("aria-expanded", String(!line.hidden));
    if (!line.hidden) least.select();
  }
  for (const input of [least, most])
    input.addEventListener("input", () => {
      const range = rangeOf(least.value, most.value);
      for (const one of [least, most]) setAttribute(one, "aria-invalid", range ? null : "true");
      if (range) onChange(range);
    });
  return {
    button,
    line,
    /** @param {import("../contract.js").LeafRow} row */
    show({ is_scalar, minimum, maximum, slider_range }) {
      button.hidden = !is_scalar;
      if (!is_scalar || minimum === null || maximum === null) {
        line.hidden = true;
        return;
      }
      const words = `${endText(minimum)} … ${endText(maximum)}`;
      setAttribute(button, "aria-label", `Range of the slider of ${name}: ${words}`);
      setAttribute(button, "title", "Change the range of this slider");
      button.textContent = words;
      again.hidden = slider_range === null;
      if (line.contains(/** @type {Document | ShadowRoot} */ (line.getRootNode()).activeElement)) return; // it is being typed
      [least.value, most.value] = [endText(minimum), endText(maximum)];
      for (const one of [least, most]) setAttribute(one, "aria-invalid", null);
    },
  };
}
