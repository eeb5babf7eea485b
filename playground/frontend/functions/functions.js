// @ts-check
// The component under "Functions": the rows that were found; a click on one writes it into the text.
import { el, replace } from "../shared/dom.js";
import { askToInsert } from "../shared/insertion.js";
import { mounting } from "../shared/mounting.js";
import { followScheme, themeOf } from "../shared/theme.js";
import { typeset } from "../shared/typeset.js";

/** @typedef {import("./contract.js").FunctionsFrame} FunctionsFrame */

/** A call, which may go on in the next line within its brackets, or at a bar of its name, never inside of a word. */
const pieces = (/** @type {string} */ call) => call.split(/(?<=[(_])/).flatMap((piece) => [el("wbr", {}), piece]);

const FUNCTION_HEADS = ["Function", "Meaning", "Derivative"];

export default mounting((root, _, /** @type {FunctionsFrame} */ __) => {
  const body = el("tbody", {});
  const head = el("thead", {}, el("tr", {}, ...FUNCTION_HEADS.map((text) => el("th", { scope: "col" }, text))));
  root.append(el("table", { "aria-label": "Functions", "data-testid": "functions" }, head, body));
  root.classList.add("functions");
  const retheme = () => root.setAttribute("data-theme", themeOf(root, null));
  return {
    update({ rows }) {
      retheme();
      const lines = rows.map(({ name, signature, meaning, derivative }) => {
        const call = el(
          "button",
          { type: "button", title: "Write it into the text", onclick: () => askToInsert({ name, signature }) },
          ...pieces(`${name}(${signature})`),
        );
        const formula = derivative ? el("span", { "data-latex": derivative }, el("code", {}, derivative)) : null;
        return el("tr", {}, el("th", { scope: "row" }, call), el("td", {}, meaning), el("td", {}, formula));
      });
      replace(body, ...lines);
      typeset(body, { standalone: false });
    },
    stop: followScheme(retheme),
  };
});
