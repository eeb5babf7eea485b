// @ts-check
// The component in an export menu: the picture that the page shows, at the step where the reader stands.
import { el } from "../shared/dom.js";
import { mounting } from "../shared/mounting.js";
import { askToSave } from "../shared/saving.js";

/** @type {["svg" | "png", string, string][]} */
const FORMATS = [
  ["svg", "Picture, SVG", "The graph at the step you stand at"],
  ["png", "Picture, PNG", "The same, at twice the size"],
];

export default mounting((root, _, /** @type {object} */ __) => {
  root.classList.add("pictures");
  for (const [format, label, about] of FORMATS)
    root.append(el("button", { type: "button", "data-testid": `export-${format}`, onclick: () => askToSave(format) }, el("strong", {}, label), about));
  return { update() {}, stop() {} };
});
