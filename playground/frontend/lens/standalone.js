// @ts-check
// A lens with no server behind it, as in a self-contained HTML file.
import { el } from "../shared/dom.js";
import { followScheme, themeOf } from "../shared/theme.js";
import { createLens } from "./view.js";

/**
 * @param {HTMLElement} root
 * @param {import("../stepper/contract.js").Lens} text
 */
export function mountLens(root, text) {
  root.classList.add("workbench", "lens-page");
  const retheme = () => root.setAttribute("data-theme", themeOf(root, null));
  followScheme(retheme);
  retheme();
  root.append(el("h1", {}, text.title), createLens(text, null).element);
}
