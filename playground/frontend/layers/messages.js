// @ts-check
// Messages about a stack: what does not fit and what is doubtful, with buttons that repair it.
import { el, prose, replace } from "../shared/dom.js";
import { oneMapFigure } from "./composed_linear.js";

/** @typedef {import("./contract.js").StackFrame} Frame */
/** @typedef {import("./contract.js").Cure} Cure */

const AROUND = 24; // characters shown on either side of a mark

/**
 * @param {Cure[]} cures
 * @param {(cure: Cure) => void} repair
 */
function cureButtons(cures, repair) {
  if (cures.length === 0) return null;
  return el(
    "div",
    { class: "cures" },
    ...cures.map((cure) => el("button", { type: "button", class: "cure", "data-testid": "cure", onclick: () => repair(cure) }, cure.label)),
  );
}

/**
 * The part of a text around a mistake; places count code points, as Python does.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 */
function markedPart(text, start, end) {
  const characters = [...text];
  const part = (/** @type {number} */ from, /** @type {number} */ to) => characters.slice(Math.max(0, from), to).join("");
  return el("p", { class: "marked" }, el("code", {}, part(start - AROUND, start), el("mark", {}, part(start, end) || "␣"), part(end, end + AROUND)));
}

/**
 * The setting that keeps a stack from running, or null: it is shown at its field.
 * @param {Frame} frame
 */
export const unfitField = (frame) => (frame.problem ? null : (frame.error?.field ?? null));

/**
 * What the settings have to say, for those who do not see them.
 * @param {Frame} frame
 */
export function announcement(frame) {
  if (frame.refused) return `${frame.refused.field}: ${frame.refused.message}`;
  return unfitField(frame) && frame.error ? `${frame.error.message}; ${frame.error.hint}` : "";
}

/**
 * The layer that does not fit, or the mistake in the text; without any layers how to begin.
 * @param {HTMLElement} message
 * @param {Frame} frame
 * @param {string} text as it stands in the editor
 * @param {(cure: Cure) => void} repair
 */
export function showMessage(message, frame, text, repair) {
  const { problem, error, starters } = frame;
  if (starters.length > 0) {
    const words = "No layers yet. Choose one at “Add a layer”, type its name above, or start with one of these.";
    return replace(message, el("p", { class: "start" }, words), cureButtons(starters, repair));
  }
  const fault = problem ?? error;
  if (!fault || unfitField(frame)) return replace(message);
  const cures = problem ? problem.repairs : error?.repair ? [error.repair] : [];
  const hint = fault.hint && !cures.some((cure) => cure.label === fault.hint) ? el("p", {}, ...prose(fault.hint)) : null;
  const marked = !problem && error && error.start !== null && error.end !== null ? markedPart(text, error.start, error.end) : null;
  replace(message, el("p", { class: "bad" }, ...prose(fault.message)), marked, hint, cureButtons(cures, repair));
}

/**
 * What PyTorch accepts in silence.
 * @param {HTMLElement} cautions
 * @param {Frame} frame
 * @param {(cure: Cure) => void} repair
 */
export function showCautions(cautions, frame, repair) {
  replace(
    cautions,
    ...frame.cautions.map((caution) =>
      el(
        "section",
        { class: `caution ${caution.level}` },
        el("p", { class: "what" }, caution.message),
        el("p", { class: "why" }, caution.reason, caution.lecture ? el("span", { class: "lecture" }, ` ${caution.lecture}`) : null),
        caution.one_map ? oneMapFigure(caution.one_map) : null,
        cureButtons(caution.cures, repair),
      ),
    ),
  );
}
