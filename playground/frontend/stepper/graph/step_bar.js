// @ts-check
// The step bar: first, back, play, forward, last; the scrub bar; the position; the speed.
import { el, icon, iconButton, replace } from "../../shared/dom.js";
import { headline } from "../headline.js";
import { createPhases, setAriaDisabled } from "./phases.js";
import { SPEEDS } from "./player.js";

/**
 * @param {{goto: (k: number) => void, by: (distance: number) => void, toggle: () => void, byPhase: (direction: 1 | -1) => void, setSpeed: (speed: number) => void}} actions
 */
export function createStepBar({ goto, by, toggle, byPhase, setSpeed }) {
  let last = 0;
  const first = iconButton("first", "First: before any step (Home)", () => goto(0), { "data-testid": "step-first" });
  const back = iconButton("back", "One step back (←)", () => by(-1), { "data-testid": "step-back" });
  const play = iconButton("play", "Play (Space)", toggle, { "data-testid": "step-play", class: "icon-button main" });
  const forward = iconButton("forward", "One step forward (→)", () => by(1), { "data-testid": "step-forward" });
  const end = iconButton("last", "Last step (End)", () => goto(last), { "data-testid": "step-last" });
  const scrub = el("input", { type: "range", class: "scrub", min: 0, max: 0, step: 1, value: 0, "aria-label": "Step", "data-testid": "scrub" });
  scrub.addEventListener("input", () => goto(Number(scrub.value)));
  const position = el("span", { class: "position", "data-testid": "position" }, "0 / 0");
  const phase = el("span", { class: "phase", "data-testid": "phase" }, "start");
  const speed = el("select", { "aria-label": "Playing speed", title: "Playing speed" });
  for (const value of SPEEDS) speed.append(el("option", { value, selected: value === 1 }, `${value}×`));
  speed.addEventListener("change", () => setSpeed(Number(speed.value)));
  const live = el("div", { class: "for-screen-readers", "aria-live": "polite", "data-testid": "live" });
  const caption = el("p", { class: "caption", "aria-hidden": "true" });
  const buttons = el("div", { class: "buttons", role: "group", "aria-label": "Stepping" }, first, back, play, forward, end);
  const phases = createPhases(byPhase);
  const slider = el("div", { class: "slider" }, phases.marks, scrub);
  const place = el("div", { class: "buttons phases", role: "group", "aria-label": "Phase" }, phases.previous, phase, phases.next);
  const element = el("div", { class: "bar" }, caption, el("div", { class: "controls" }, buttons, slider, position, place, speed));

  return {
    element,
    live,
    load: phases.show,
    /**
     * @param {number} k
     * @param {number} steps
     * @param {{title: string, sentence: string, arithmetic: string, phase: string, kind?: string}} words
     */
    show(k, steps, words) {
      last = steps;
      const { first: does, name } = headline(words);
      scrub.max = String(steps);
      scrub.value = String(k);
      scrub.style.setProperty("--done", steps ? `${(100 * k) / steps}%` : "0%");
      scrub.setAttribute("aria-valuetext", `${k} of ${steps}: ${does}`);
      position.textContent = `${k} / ${steps}`;
      phase.textContent = words.phase;
      phase.dataset.phase = words.phase;
      caption.dataset.phase = words.phase;
      replace(caption, el("b", {}, does), words.arithmetic ? el("code", {}, words.arithmetic) : null, name ? el("span", { class: "muted" }, name) : null);
      for (const button of [first, back]) setAriaDisabled(button, k === 0);
      for (const button of [forward, end]) setAriaDisabled(button, k === steps);
      phases.at(k, steps);
    },
    /**
     * Says a step to whoever does not see it.
     * @param {number} k
     * @param {number} steps
     * @param {{sentence: string, arithmetic: string, phase: string}} words
     */
    announce(k, steps, { phase: at, sentence, arithmetic }) {
      live.textContent = `Step ${k} of ${steps}, ${at}: ${sentence} ${arithmetic}`;
    },
    /** @param {boolean} playing */
    setPlaying(playing) {
      replace(play, icon(playing ? "pause" : "play"));
      const label = playing ? "Pause (Space)" : "Play (Space)";
      play.setAttribute("aria-label", label);
      play.title = label;
    },
  };
}
