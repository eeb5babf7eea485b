// @ts-check
// What differs between two pictures, as a list; and which of the two panels stands under it.
import { el, replace } from "../../shared/dom.js";

/** @typedef {import("../contract.js").Beside} Beside */
/** @typedef {"differences" | "before" | "now"} Shown */

/** @type {[Shown, string][]} */
const CHOICES = [
  ["differences", "What differs"],
  ["before", "Before"],
  ["now", "Now"],
];

/**
 * @param {(keys: string[]) => void} onSelect
 */
export function createDifferences(onSelect) {
  const summary = el("p", { class: "told", role: "status", "data-testid": "differences-told" });
  const choices = el("div", { class: "segmented", role: "group", "aria-label": "About both, or one of them" });
  for (const [name, title] of CHOICES) choices.append(el("button", { type: "button", "data-testid": `about-${name}`, onclick: () => show(name) }, title));
  const signs = el("p", { class: "muted signs" }, el("b", {}, "≠"), " differs   ", el("b", {}, "only here"), " has no partner in the other graph");
  const rows = el("ul");
  const more = el("p", { class: "muted" });
  const list = el(
    "div",
    { class: "differences", tabindex: "0", role: "region", "aria-label": "What differs", "data-testid": "differences" },
    signs,
    rows,
    more,
  );
  let source = "";

  /** @param {Shown} name */
  function show(name) {
    const about = list.parentElement;
    if (about) about.dataset.shows = name;
    for (const [index, [other]] of CHOICES.entries()) choices.children[index].setAttribute("aria-pressed", String(other === name));
  }
  return {
    head: el("div", { class: "compared" }, summary, choices),
    list,
    show,
    /** @param {Beside} beside */
    tell({ message, comparison }) {
      const next = JSON.stringify([message, comparison?.summary, comparison?.rows]);
      if (next === source) return;
      source = next;
      summary.textContent = message || (comparison?.summary ?? "");
      const lines = (comparison?.rows ?? []).map(({ name, of, before, now, gap, keys }) => {
        const [was, is] = [before, now].map((text) => el("code", { class: of === "grad" ? "adjoint" : of }, text));
        const button = el("button", { type: "button", onclick: () => onSelect(keys) }, el("b", {}, name), " ", was, " → ", is, " ", el("small", {}, gap));
        return el("li", {}, button);
      });
      replace(rows, ...lines);
      more.textContent = comparison?.unlisted ? `… and ${comparison.unlisted} more.` : "";
    },
  };
}
