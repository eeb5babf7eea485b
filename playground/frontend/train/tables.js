// @ts-check
// Tables below the curves, and the figures that lectures report beside those of the reader's runs.
import { el, replace } from "../shared/dom.js";
import { termOf } from "../shared/terms.js";

/** @typedef {import("./contract.js").RunTable} RunTable */

/** @param {import("./contract.js").ShownRun["figures"]} figures */
export function figureRows(figures) {
  return figures.map(({ lecture, yours }) => el("li", {}, el("span", {}, `${lecture}, `), el("strong", {}, yours)));
}

export function createTables() {
  const root = el("div", { class: "tables", "data-testid": "tables" });
  /** @type {Map<string, {details: HTMLDetailsElement, inside: HTMLElement, note: HTMLElement, drawn: string}>} */
  const made = new Map();

  /** @param {RunTable} table */
  function create(table) {
    const inside = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.caption });
    const note = el("p", { class: "note" });
    const details = el("details", { "data-testid": `table-${table.id}` }, el("summary", {}, table.caption), inside, note);
    details.open = table.open;
    return { details, inside, note, drawn: "" };
  }

  /** @param {RunTable} table */
  function content(table) {
    const head = el("tr", {}, ...table.head.map((name) => el("th", { scope: "col" }, el("span", termOf(name), name))));
    const rows = table.rows.map(({ kind, cells }) =>
      el("tr", { class: kind }, ...cells.map((cell, index) => (index === 0 ? el("th", { scope: "row" }, cell) : el("td", {}, cell)))),
    );
    return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
  }

  return {
    root,
    /** @param {RunTable[]} tables */
    update(tables) {
      for (const [id, { details }] of made) {
        if (tables.some((table) => table.id === id)) continue;
        details.remove();
        made.delete(id);
      }
      for (const table of tables) {
        const entry = made.get(table.id) ?? create(table);
        if (!made.has(table.id)) root.append(entry.details);
        made.set(table.id, entry);
        const now = JSON.stringify(table);
        if (now === entry.drawn) continue;
        entry.drawn = now;
        entry.note.textContent = table.note;
        replace(entry.inside, content(table));
      }
    },
  };
}
