// @ts-check
// The run as a console prints it: a line by 100 batches. New lines are added below, so that reading is not disturbed.
import { el, replace } from "../shared/dom.js";

const DIGITS = [0, 0, 4, 2, 2, 1];

/**
 * Percents have two digits behind the point; an error in the unit of the data has four digits in all.
 * @param {number} content
 * @param {number} index
 * @param {string} heading
 */
const writtenCell = (content, index, heading) => (heading.endsWith("error") ? String(Number(content.toPrecision(4))) : content.toFixed(DIGITS[index]));

export function createConsole() {
  const head = el("tr", {});
  const body = el("tbody", {});
  const scroll = el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Errors, line by line" },
    el("table", { "data-testid": "console" }, el("thead", {}, head), body),
  );
  const note = "Training error: of batches as they were met, while the weights changed. Test error: of examples never trained on.";
  const root = el("section", { class: "console" }, el("h3", {}, "Line by line"), el("p", { class: "note" }, note), scroll);
  let run = "";
  return {
    root,
    /**
     * @param {import("./contract.js").Kept | undefined} kept
     * @param {string[]} headings
     * @param {string} id
     */
    update(kept, headings, id) {
      root.hidden = !kept || kept.lines.length === 0;
      if (!kept) return;
      if (head.textContent !== headings.join("")) replace(head, ...headings.map((heading) => el("th", { scope: "col" }, heading)));
      if (run !== id || body.rows.length > kept.lines.length) replace(body);
      run = id;
      const isAtEnd = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 8;
      for (const line of kept.lines.slice(body.rows.length))
        body.append(
          el(
            "tr",
            { class: line[4] === null ? "" : "tested" },
            ...line.map((content, index) => el("td", {}, content === null ? "" : writtenCell(content, index, headings[index]))),
          ),
        );
      if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
    },
  };
}
