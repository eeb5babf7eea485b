// @ts-check
// Comparison of runs: settings changed since, settings that differ, and the visitor's runs to choose from.
import { el, replace } from "../shared/dom.js";

/** @typedef {import("./contract.js").RunsFrame} RunsFrame */
/** @typedef {import("./contract.js").Act} Act */

/**
 * @param {string[][]} stale
 * @param {import("./contract.js").ShownRun} run
 * @param {Act} act
 */
export function staleNote(stale, run, act) {
  if (stale.length === 0) return null;
  const long = (/** @type {string} */ text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
  const changes = stale.map(([name, was, now]) => el("li", {}, `${name}: `, el("s", {}, long(was)), " ", el("strong", {}, long(now))));
  return el(
    "div",
    {},
    el("p", {}, "These numbers are of the old settings. Since then:"),
    el("ul", {}, ...changes),
    el("button", { type: "button", "data-testid": "back-to-old", onclick: () => act("settings", run.id) }, "Back to the old settings"),
  );
}

/** @param {RunsFrame} frame */
export function differencesTable(frame) {
  if (frame.runs.length < 2) return null;
  if (frame.differences.length === 0) return el("p", { class: "note" }, "The runs have the same settings.");
  const head = el("tr", {}, el("th", { scope: "col" }, "setting"), ...frame.runs.map((run) => el("th", { scope: "col" }, run.letter)));
  const rows = frame.differences.map(([name, ...contents]) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...contents.map((content) => el("td", {}, content))),
  );
  const table = el("table", {}, el("caption", {}, "Settings that differ"), el("thead", {}, head), el("tbody", {}, ...rows));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Settings that differ" }, table);
}

/**
 * Drawn anew only where it changes: the focus stays.
 * @param {HTMLElement} root
 * @param {RunsFrame} frame
 * @param {Act} act
 */
export function runList(root, frame, act) {
  const now = JSON.stringify(frame.list);
  if (root.dataset.drawn === now) return;
  const active = root.ownerDocument.activeElement;
  const focused = active instanceof HTMLElement && root.contains(active) ? active.dataset.focus : undefined;
  root.dataset.drawn = now;
  root.hidden = frame.list.length === 0;
  const rows = frame.list.map((run) => {
    const box = el("input", {
      type: "checkbox",
      id: `show-${run.id}`,
      "data-focus": `show-${run.id}`,
      "data-testid": "show-run",
      onchange: () => act(box.checked ? "show" : "hide", run.id),
    });
    box.checked = run.shown;
    const when = new Date(run.created * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const only = el("button", { type: "button", "data-focus": `only-${run.id}`, "data-testid": "only-run", onclick: () => act("only", run.id) }, "Only this");
    return el("li", {}, box, el("label", { for: box.id }, run.name), el("span", { class: "note" }, `${run.status} · ${when}`), only);
  });
  replace(root, el("h3", {}, "Your runs"), el("ul", {}, ...rows));
  if (focused) /** @type {HTMLElement | null} */ (root.querySelector(`[data-focus="${focused}"]`))?.focus();
}
