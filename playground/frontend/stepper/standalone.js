// @ts-check
// The workbench with no server behind it, as in a self-contained HTML file.
import { followScheme } from "../shared/theme.js";
import { explainTerms } from "../shared/tooltips.js";
import { fixedFrame } from "./fixed_frame.js";
import { createWorkbench } from "./workbench.js";

/** @typedef {import("./contract.js").GraphKind} GraphKind */
/** @typedef {import("./contract.js").Picture} Picture */
/** @typedef {ReturnType<typeof createWorkbench>} Workbench */
/** @typedef {[unknown] | {[key: string]: Change | null}} Change `[value]` instead of what stood there, else changes by key; null takes the key out */

/**
 * Plain data as `change` makes it of other data; what is the same in both is shared.
 * @param {any} old
 * @param {Change} change
 * @returns {any}
 */
export function changedBy(old, change) {
  if (Array.isArray(change)) return change[0];
  const next = Array.isArray(old) ? [...old] : { ...old };
  for (const [key, inner] of Object.entries(change)) {
    if (inner === null) delete next[key];
    else next[key] = changedBy(old[key], inner);
  }
  return next;
}

/**
 * Shows the forward picture, and offers the others.
 * @param {HTMLElement} root
 * @param {{both: Picture, forward: Change, backward: Change}} pictures one whole, the others as changes of it
 * @returns {Workbench}
 */
export function mountStandalone(root, { both, forward, backward }) {
  const pictures = { both, forward: /** @type {Picture} */ (changedBy(both, forward)), backward: /** @type {Picture} */ (changedBy(both, backward)) };
  const bench = createWorkbench(root, { send: null, draw: (graph) => bench.update(fixedFrame(pictures[graph], null)) });
  root.classList.add("standalone");
  explainTerms(root);
  followScheme(bench.retheme);
  bench.update(fixedFrame(pictures.forward, 0));
  Object.assign(root, { workbench: bench });
  return bench;
}
