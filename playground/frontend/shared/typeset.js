// @ts-check
// Formulas in LaTeX, typeset as MathML by Temml.
import { el } from "./dom.js";

/** @typedef {{render: (latex: string, element: HTMLElement, options: object) => void}} Temml */

/** @type {Promise<Temml | null> | null} */
let temmlLoading = null;

/**
 * Temml, which puts itself on the window: the page's own copy, loaded when first needed; in a file without network the one
 * written into it, or none.
 * @param {boolean} standalone
 * @returns {Promise<Temml | null>}
 */
function loadTemml(standalone) {
  temmlLoading ??= new Promise((found) => {
    const here = () => found(/** @type {any} */ (globalThis).temml ?? null);
    if (standalone) return here();
    const src = new URL("../vendor/temml.min.js", import.meta.url).href;
    document.head.append(el("script", { src, onload: here, onerror: here }));
  });
  return temmlLoading;
}

/**
 * Typesets what has `data-latex` and still shows its plain text, a `<code>`.
 * @param {HTMLElement} element
 * @param {{standalone: boolean, displayMode?: boolean}} how
 */
export async function typeset(element, { standalone, displayMode = false }) {
  const temml = await loadTemml(standalone);
  if (!temml) return;
  for (const formula of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-latex]"))) {
    if (formula.firstElementChild?.localName === "code") temml.render(formula.dataset.latex ?? "", formula, { displayMode });
  }
}
