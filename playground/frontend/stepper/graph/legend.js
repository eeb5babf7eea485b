// @ts-check
// What the colours of a picture mean: those that it has, and that of the optimizer's step where there is one.
import { el, replace } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";

/** @type {[string, string][]} */
const LEGEND = [
  ["primal", "primal: the value"],
  ["tangent", "tangent"],
  ["adjoint", "adjoint: the gradient"],
];

export function createLegend() {
  const element = el("ul", { class: "legend", "aria-label": "Colours" });
  return {
    element,
    /**
     * @param {import("../contract.js").Scene} scene
     * @param {readonly import("../contract.js").Step[]} steps
     */
    show({ forms, links }, steps) {
      const parts = forms.flatMap((form) => form.parts);
      const kinds = new Set(parts.map(({ kind, of }) => (kind === "slot" ? of : "")));
      if (kinds.has("grad") || links.some(({ texts }) => texts.some(({ slot }) => slot))) kinds.add("adjoint");
      const drawn = LEGEND.filter(([kind]) => kinds.has(/** @type {"primal"} */ (kind)));
      if (steps.some(({ phase }) => phase === "update")) drawn.push(["update", "update: the optimizer's step"]);
      // a heat map's colours: a sign stands in each, so that nobody needs to tell the colours apart
      const pictures = parts.filter(({ kind }) => kind === "image").map(({ of }) => (of === "primal" ? "primal" : "adjoint"));
      const signs = [...new Set(pictures)].map((kind) =>
        el("li", { class: "signs" }, el("b", { class: `${kind} above` }, "+"), el("b", { class: `${kind} below` }, "−"), "above and below 0"),
      );
      replace(element, ...drawn.map(([kind, meaning]) => el("li", { class: kind }, el("span", termOf(kind), meaning))), ...signs);
    },
  };
}
