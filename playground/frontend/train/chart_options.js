// @ts-check
// How the curves are drawn: the horizontal axis, a logarithmic one, smoothing.
import { el, replace } from "../shared/dom.js";

/**
 * @param {() => void} onChange
 * @param {() => void} onReset
 */
export function createView(onChange, onReset) {
  const x = el("select", { id: "curves-x", "data-testid": "curves-x", onchange: onChange });
  const log = el("input", { type: "checkbox", id: "curves-log", "data-testid": "curves-log", onchange: onChange });
  const smoothing = el("input", {
    type: "range",
    min: "0",
    max: "0.98",
    step: "0.02",
    value: "0",
    id: "curves-smoothing",
    "data-testid": "curves-smoothing",
    oninput: onChange,
  });
  const layers = el("select", { id: "curves-layers", "data-testid": "curves-layers", onchange: onChange });
  const whole = el("button", { type: "button", "data-testid": "curves-whole", onclick: onReset }, "Whole curves");
  const field = (/** @type {string} */ label, /** @type {HTMLElement} */ control) =>
    el("span", { class: "option" }, el("label", { for: control.id }, label), control);
  const layersField = field("Of each layer", layers);
  const root = el(
    "div",
    { class: "row view", role: "group", "aria-label": "How the curves are drawn" },
    field("Over", x),
    field("Log axis", log),
    field("Smoothing", smoothing),
    layersField,
    whole,
  );
  return {
    root,
    /** @returns {import("./contract.js").View} */
    current: () => ({ x: x.value || "step", log: log.checked, smoothing: Number(smoothing.value) }),
    /** @param {string} id of a chart: whether it is one of the layers' that was not chosen */
    leavesOut: (id) => id !== layers.value && [...layers.options].some((option) => option.value === id),
    /**
     * @param {Record<string, string>} axes
     * @param {Record<string, string>} layerCharts
     */
    update(axes, layerCharts) {
      if (x.options.length === 0) replace(x, ...Object.entries(axes).map(([name, label]) => el("option", { value: name }, label)));
      layersField.hidden = Object.keys(layerCharts).length === 0;
      if (!layersField.hidden && layers.options.length === 0)
        replace(layers, ...Object.entries(layerCharts).map(([name, label]) => el("option", { value: name }, label)));
    },
  };
}
