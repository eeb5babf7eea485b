// @ts-check
// The panel of tabs: explanation, why, table, details.
import { el, prose, replace } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";
import { headline } from "../headline.js";

/** @typedef {import("../contract.js").Note} Note */

const TABS = [
  ["explanation", "Explanation"],
  ["why", "Why"],
  ["table", "Table"],
  ["details", "Details"],
];

let panels = 0;

/**
 * @param {{onShow: (name: string) => void}} actions
 */
export function createPanel({ onShow }) {
  const prefix = `panel-${++panels}`;
  /** @type {Record<string, HTMLElement>} */
  const pages = {};
  /** @type {Record<string, HTMLButtonElement>} */
  const tabs = {};
  let shown = "";
  const list = el("div", { role: "tablist", "aria-label": "About this trace", class: "tabs" });
  const element = el("div", { class: "panel" }, list);
  for (const [name, title] of TABS) {
    const ids = { id: `${prefix}-tab-${name}`, "aria-controls": `${prefix}-page-${name}` };
    tabs[name] = el("button", { type: "button", role: "tab", "data-testid": `tab-${name}`, ...ids, onclick: () => open(name) }, title);
    pages[name] = el("div", { role: "tabpanel", class: `page page-${name}`, id: ids["aria-controls"], "aria-labelledby": ids.id, tabindex: "0" });
    list.append(tabs[name]);
    element.append(pages[name]);
  }
  pages.explanation.dataset.testid = "explanation";
  list.addEventListener("keydown", (event) => {
    const names = TABS.map(([name]) => name);
    const at = names.indexOf(shown);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    const name = names[(to + names.length) % names.length];
    open(name);
    tabs[name].focus();
    event.preventDefault();
  });
  /** @param {string} name */
  function open(name) {
    shown = name;
    for (const [other, tab] of Object.entries(tabs)) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      pages[other].hidden = other !== name;
    }
    onShow(name);
  }
  return { element, pages, open, shown: () => shown };
}

/**
 * @param {HTMLElement} element
 * @param {{title: string, sentence: string, arithmetic: string, saved: string[], phase: string, kind?: string, notes: readonly Note[]}} words
 * @param {(key: string) => void} onSelect
 */
export function showExplanation(element, { title, sentence, arithmetic, saved, phase, kind, notes }, onSelect) {
  const { first, rest, name } = headline({ title, sentence, kind });
  const noted = notes.map(({ message, key }) =>
    el("li", {}, ...prose(message), key ? el("button", { type: "button", class: "text-button small", onclick: () => onSelect(key) }, "Show") : null),
  );
  replace(
    element,
    noted.length > 0 ? el("ul", { class: "notes", "aria-label": "Notes" }, ...noted) : null,
    el("h2", { "data-phase": phase }, kind === "seed" ? el("span", termOf("seed"), first) : first),
    name ? el("p", { class: "muted" }, "PyTorch's ", el("span", termOf("node"), "node"), `: ${name}`) : null,
    el("p", { class: "sentence", hidden: !rest }, rest),
    el("p", { class: "arithmetic", "data-testid": "arithmetic", "data-phase": phase, hidden: !arithmetic }, arithmetic.replaceAll(" ; ", "\n")),
    saved.length > 0
      ? el(
          "div",
          { class: "saved" },
          el("h3", {}, el("span", termOf("Saved tensors"), "Saved tensors")),
          el("ul", {}, ...saved.map((text) => el("li", {}, text))),
        )
      : null,
  );
}
