// @ts-check
// The menu of layers that can be added: at the end of the list, or at any place in a row of its own.
import { el } from "../shared/dom.js";

/** @typedef {import("./contract.js").StackFrame} Frame */

/**
 * @param {Frame} frame
 * @param {string} label
 * @param {(kind: string) => void} choose
 * @param {Record<string, any>} attributes
 */
export function layerMenu(frame, label, choose, attributes) {
  const select = el("select", { "aria-label": label, ...attributes }, el("option", { value: "" }, "Add a layer …"));
  for (const family of new Set(frame.catalogue.map((kind) => kind.family))) {
    const kinds = frame.catalogue.filter((kind) => kind.family === family);
    select.append(el("optgroup", { label: family }, ...kinds.map((kind) => el("option", { value: kind.name, title: kind.meaning }, kind.name))));
  }
  select.addEventListener("change", () => choose(select.value));
  return select;
}

/**
 * Where a layer is about to be added: one place at a time.
 * @param {import("./contract.js").Actions} actions
 */
export function createAdding(actions) {
  /** @type {{path: number[], label: string, origin: string} | null} */
  let open = null;
  const close = () => {
    const origin = open?.origin;
    open = null;
    actions.redraw(origin);
  };
  return {
    /**
     * @param {number[]} path of the layer to come
     * @param {string} label
     * @param {string} origin the button that opened it
     */
    start(path, label, origin) {
      open = { path, label, origin };
      actions.redraw("add-here");
    },
    forget: () => (open = null),
    /** @param {number[]} path */
    isAt: (path) => open !== null && open.path.join(".") === path.join("."),
    /**
     * @param {Frame} frame
     * @param {number} columns
     */
    row(frame, columns) {
      if (!open) return null;
      const { path, label, origin } = open;
      const add = (/** @type {string} */ kind) => {
        open = null;
        actions.change({ name: "insert", path, kind }, { focus: "Add below", key: path.join(".") });
      };
      const menu = layerMenu(frame, label, add, { "data-testid": "add-here", "data-focus": "add-here" });
      const cell = el("td", { colspan: columns }, menu, " ", el("button", { type: "button", onclick: close }, "Cancel"));
      cell.addEventListener("keydown", (event) => {
        if (event.key === "Escape") close();
      });
      return el("tr", { class: "adding", "data-origin": origin }, cell);
    },
  };
}
