// @ts-check
// Where the phases of a trace begin: marks over the slider, and two buttons from one to the next.
import { el, iconButton, replace } from "../../shared/dom.js";

/** @typedef {import("../contract.js").Step} Step */
/** @typedef {{k: number, phase: Step["phase"]}} Start */

/**
 * The positions at which the first step of each phase has just been done.
 * @param {readonly Pick<Step, "phase">[]} steps
 * @returns {Start[]}
 */
export function phaseStarts(steps) {
  return steps.flatMap(({ phase }, index) => (phase !== steps[index - 1]?.phase ? [{ k: index + 1, phase }] : []));
}

/**
 * Where the next phase begins, or the end; for -1 where this one began, or, from there, the one before, or the start.
 * @param {readonly Start[]} starts
 * @param {number} k
 * @param {number} last
 * @param {1 | -1} direction
 * @returns {number}
 */
export function phaseFrom(starts, k, last, direction) {
  const places = [0, ...starts.map((start) => start.k), last];
  return (direction === 1 ? places.find((place) => place > k) : places.findLast((place) => place < k)) ?? k;
}

/** @param {(direction: 1 | -1) => void} go */
export function createPhases(go) {
  const marks = el("span", { class: "phase-marks", "aria-hidden": "true", "data-testid": "phase-marks" });
  const previous = iconButton("phaseBack", "To the start of the phase ([)", () => go(-1), { "data-testid": "phase-back" });
  const next = iconButton("phaseOn", "To the next phase (])", () => go(1), { "data-testid": "phase-on" });
  const buttons = [previous, next];
  return {
    marks,
    previous,
    next,
    /** @param {readonly Step[]} steps */
    show(steps) {
      const starts = phaseStarts(steps);
      for (const button of buttons) button.hidden = starts.length < 2;
      // a mark stands where the knob's middle is at the last step before it
      replace(marks, ...starts.slice(1).map(({ k, phase }) => el("i", { "data-phase": phase, style: `--at: ${(k - 1) / steps.length}` })));
    },
    /** @param {number} k @param {number} last */
    at(k, last) {
      setAriaDisabled(previous, k === 0);
      setAriaDisabled(next, k === last);
    },
  };
}

/**
 * Not `disabled`: a disabled button would drop the keyboard focus at either end.
 * @param {HTMLButtonElement} button
 * @param {boolean} off
 */
export function setAriaDisabled(button, off) {
  if (off) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}
