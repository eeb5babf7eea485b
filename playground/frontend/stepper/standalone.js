// @ts-check
// The workbench with no server behind it, as in a self-contained HTML file.
import { followScheme } from "../shared/theme.js";
import { createWorkbench } from "./workbench.js";

/** @typedef {import("./contract.js").Picture} Picture */
/** @typedef {ReturnType<typeof createWorkbench>} Workbench */

/**
 * Shows a picture, and offers the other graphs where they are given.
 * @param {HTMLElement} root
 * @param {Picture} picture
 * @param {Record<string, Picture>} [others]
 * @returns {Workbench}
 */
export function mountStandalone(root, picture, others) {
  /** @param {Picture} shown @param {number | null} step */
  const show = (shown, step) =>
    bench.update({ picture: shown, sequence: 0, query: "", document: null, leaves: [], error: null, editable: false, step, theme: null });
  const bench = createWorkbench(root, others ? { send: null, draw: (name) => show(others[name], null) } : { send: null });
  root.classList.add("standalone");
  followScheme(bench.retheme);
  show(picture, 0);
  Object.assign(root, { workbench: bench });
  return bench;
}
