// @ts-check
// How the text is run: reverse or forward mode, a second derivative, backward() called again.
import { el } from "../../shared/dom.js";
import { meaningOf } from "../../shared/glossary.js";

/** @typedef {import("../contract.js").Document} Document */

const TIMES = ["once", "twice", "three times"];

/**
 * @param {string} label
 * @param {string} testId
 * @param {(value: string) => void} onChange
 */
function createChoice(label, testId, onChange) {
  const select = el("select", { "data-testid": testId, "aria-label": label });
  select.addEventListener("change", () => onChange(select.value));
  const caption = el("span", { "aria-hidden": "true" }, label);
  return {
    parts: [caption, select],
    /** @param {[string, string][]} options @param {string} value */
    show(options, value) {
      const names = options.map(([name]) => name).join("\n");
      if (select.dataset.names !== names) select.replaceChildren(...options.map(([name, title]) => el("option", { value: name }, title)));
      select.dataset.names = names;
      select.value = value;
    },
    /** @param {boolean} hidden */
    setHidden(hidden) {
      caption.hidden = hidden;
      select.hidden = hidden;
    },
  };
}

/**
 * @param {{onChange: (change: Partial<Document>) => void}} actions
 */
export function createSwitches({ onChange }) {
  const mode = createChoice("Mode", "switch-mode", (value) => onChange({ mode: value }));
  const tangent = createChoice("Tangent 1 for", "switch-tangent", (value) => onChange({ tangent: value || null }));
  const second = createChoice("Second derivative", "switch-second", (value) => onChange({ second: value || null }));
  const passes = createChoice("backward()", "switch-passes", (value) => onChange({ passes: Number(value) }));
  const zero = el("input", { type: "checkbox", "data-testid": "switch-zero-grad" });
  zero.addEventListener("change", () => onChange({ zero_grad: zero.checked }));
  const zeroLabel = el("label", { class: "check-label" }, zero, "zero_grad() between the passes");
  const grid = el("div", { class: "switch-grid" }, ...mode.parts, ...tangent.parts, ...second.parts, ...passes.parts, zeroLabel);
  const summary = el("summary", { "data-testid": "switches" });
  const element = el("details", { class: "switches" }, summary, grid);
  return {
    element,
    /**
     * @param {Document} document_
     * @param {string[]} leaves names that can be differentiated with respect to
     */
    show(document_, leaves) {
      const isForward = document_.mode === "forward";
      const named = /** @type {[string, string][]} */ (leaves.map((name) => [name, name]));
      mode.show(
        [
          ["reverse", "reverse: one backward pass"],
          ["forward", "forward: a tangent per step"],
        ],
        document_.mode,
      );
      tangent.show([["", "every leaf"], ...named], String(document_.tangent ?? ""));
      second.show(
        [["", "none"], ...named.map(([name]) => /** @type {[string, string]} */ ([name, `gradient of ${name}'s gradient`]))],
        String(document_.second ?? ""),
      );
      passes.show(
        TIMES.map((words, index) => [String(index + 1), words]),
        String(document_.passes),
      );
      zero.checked = document_.zero_grad;
      tangent.setHidden(!isForward);
      second.setHidden(isForward);
      passes.setHidden(isForward);
      zeroLabel.hidden = isForward || document_.passes < 2;
      const words = [isForward ? "forward mode" : "reverse mode"];
      if (!isForward && document_.second) words.push("second derivative");
      if (!isForward && document_.passes > 1) words.push(`backward() ${TIMES[document_.passes - 1] ?? `${document_.passes} times`}`);
      summary.title = (isForward ? meaningOf("forward mode") : meaningOf("reverse mode")) ?? "";
      summary.textContent = `Run: ${words.join(", ")}`;
    },
  };
}
