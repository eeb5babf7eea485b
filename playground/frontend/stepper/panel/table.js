// @ts-check
// The trace table: fixed texts and slots; the painter fills the slots as it fills the graph's.
import { copyButton, el, replace } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";
import { createScroller } from "./scroller.js";

/** @typedef {import("../contract.js").TraceTable} TraceTable */

/**
 * Rows of texts as CSV (RFC 4180).
 * @param {readonly (readonly string[])[]} rows
 */
export function csvText(rows) {
  const quote = (/** @type {string} */ text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(quote).join(",")).join("\r\n");
}

/** @param {string} slot */
function slotRole(slot) {
  return /\.(adjoint|grad|contribution)(\.image)?$/.test(slot) ? "adjoint" : /\.tangent$/.test(slot) ? "tangent" : "primal";
}

/**
 * @param {{onSelect: (key: string) => void}} actions
 */
export function createTable({ onSelect }) {
  const table = el("table", { class: "trace", "data-testid": "table", "aria-label": "Trace table" });
  const { element: box } = createScroller("Trace table, scrollable", table);
  const copy = copyButton("Copy as CSV", () => csvText([...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent ?? ""))), {
    "data-testid": "copy-csv",
  });
  const element = el("div", { class: "table-box" }, el("div", { class: "panel-head" }, el("h2", {}, "Trace"), copy), box);
  table.addEventListener("click", (event) => {
    const key = event.target instanceof Element ? event.target.closest("tr")?.dataset.key : undefined;
    if (key) onSelect(key);
  });
  return {
    element,
    table,
    /** @param {TraceTable} data */
    show({ columns, rows }) {
      const head = el("thead", {}, el("tr", {}, ...columns.map((title) => el("th", { scope: "col" }, el("span", termOf(title), title)))));
      const body = el("tbody", {});
      for (const { key, cells } of rows) {
        const row = el("tr", { "data-key": key, tabindex: "0" });
        for (const { text, slot } of cells) row.append(slot ? el("td", { "data-slot": slot, class: `number ${slotRole(slot)}` }) : el("td", {}, text ?? ""));
        body.append(row);
      }
      replace(table, head, body);
    },
    /**
     * @param {Set<string>} keys
     */
    press(keys) {
      for (const row of table.tBodies[0]?.rows ?? []) {
        if (keys.has(row.dataset.key ?? "")) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      }
    },
    /**
     * @param {Element} from
     * @param {1 | -1} direction
     */
    moveFocus(from, direction) {
      const next = direction === 1 ? from.nextElementSibling : from.previousElementSibling;
      if (next instanceof HTMLElement) next.focus();
    },
  };
}
