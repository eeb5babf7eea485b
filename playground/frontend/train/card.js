// @ts-check
// One run: its name, how far it is, and what its owner may do with it.
import { el, replace, setAttribute } from "../shared/dom.js";
import { createName } from "./name.js";
import { figureRows } from "./tables.js";

/** @typedef {import("./contract.js").ShownRun} ShownRun */

const BUTTONS = /** @type {const} */ ([
  ["pause", "Pause"],
  ["resume", "Resume"],
  ["stop", "Stop"],
  ["epoch", "One epoch more"],
  ["retry", "Try again"],
  ["digits", "Train on the bundled digits"],
  ["freeze", "Freeze"],
  ["open", "Open this step"],
]);

/**
 * Why a run does not learn, and the button that trains it again with one thing changed.
 * @param {ShownRun} run
 * @param {import("./contract.js").Act} act
 */
function symptomParts({ id, symptom, mine }, act) {
  if (symptom === null) return [];
  const { text, label, do: what } = symptom;
  const cure = mine ? el("button", { type: "button", class: "cure", "data-testid": `run-${what}`, onclick: () => act(what, id) }, label) : null;
  return [el("span", {}, text), cure];
}

/**
 * @param {string} id of the run
 * @param {import("./contract.js").Act} act
 */
export function createCard(id, act) {
  const letter = el("span", { class: "letter", "aria-hidden": "true" });
  const name = createName((typed) => act("name", id, typed));
  const state = el("span", { class: "state", "data-testid": "run-state" });
  const bar = el("progress", { max: "1", "aria-label": "progress" });
  const far = el("span", { class: "far", "data-testid": "run-far" });
  const facts = el("span", { class: "facts" });
  const buttons = new Map(
    BUTTONS.map(([what, label]) => [what, el("button", { type: "button", "data-testid": `run-${what}`, onclick: () => act(what, id) }, label)]),
  );
  const rate = el("input", { type: "text", size: "7", inputmode: "decimal", id: `rate-${id}`, "data-testid": "run-rate", autocomplete: "off" });
  const heard = el("span", { class: "note", role: "status", "data-testid": "run-rate-said" });
  let asked = 0; // the edit that waits for its answer
  const set = () => {
    heard.textContent = "setting …";
    asked = act("rate", id, rate.value);
  };
  rate.addEventListener("keydown", (event) => event.key === "Enter" && set());
  const rateRow = el(
    "span",
    { class: "rate" },
    el("label", { for: rate.id }, "Learning rate"),
    rate,
    el("button", { type: "button", "data-testid": "run-rate-set", onclick: set }, "Set"),
    heard,
  );
  const settings = el("button", { type: "button", "data-testid": "run-settings", onclick: () => act("settings", id) }, "Use its settings");
  const hide = el("button", { type: "button", "data-testid": "run-hide", onclick: () => act("hide", id) }, "Take away");
  const row = el("div", { class: "row", "data-testid": "run-buttons" }, ...buttons.values(), rateRow, settings, hide);
  const symptom = el("div", { class: "symptom", role: "status", "data-testid": "run-symptom" });
  const figures = el("ul", { class: "figures", "data-testid": "run-figures" });
  const root = el(
    "section",
    { class: "card", "data-testid": "run-card", "data-run": id },
    el("div", { class: "row head" }, letter, name.root, state),
    el("div", { class: "row" }, bar, far, facts),
    symptom,
    figures,
    row,
  );
  let given = "";
  let reported = "";
  let wrong = "";

  return {
    root,
    /**
     * @param {ShownRun} run
     * @param {boolean} several
     * @param {number} answered the last edit that the server has seen
     */
    update(run, several, answered) {
      root.setAttribute("aria-label", `Run ${several ? run.letter : ""} ${run.name}`);
      root.dataset.status = run.status;
      letter.textContent = run.letter;
      letter.hidden = !several;
      name.update(run.name, run.mine);
      if (state.textContent !== run.state) state.textContent = run.state;
      bar.value = run.share ?? (run.steps ? Math.min(1, run.step / run.steps) : 0);
      setAttribute(bar, "aria-valuetext", run.share === null ? `step ${run.step} of ${run.steps}` : run.state);
      far.textContent = run.steps ? `step ${run.step.toLocaleString("en")} of ${run.steps.toLocaleString("en")}${run.left ? `, ${run.left}` : ""}` : "";
      const speed = run.seconds > 0.2 ? `${Math.round(run.step / run.seconds).toLocaleString("en")} steps/s` : "";
      facts.textContent = [
        run.parameters ? `${run.parameters.toLocaleString("en")} parameters` : "",
        run.device,
        speed,
        run.seconds ? `${run.seconds.toFixed(1)} s` : "",
      ]
        .filter(Boolean)
        .join(" · ");
      const figuresNow = JSON.stringify(run.figures);
      if (figuresNow !== reported) replace(figures, ...figureRows(run.figures));
      reported = figuresNow;
      const wrongNow = JSON.stringify([run.symptom, run.mine]);
      if (wrongNow !== wrong) replace(symptom, ...symptomParts(run, act));
      wrong = wrongNow;
      for (const [what, button] of buttons) button.hidden = !run.can.includes(what);
      if (asked <= answered) asked = 0;
      if (asked === 0 && heard.textContent !== run.rate_said) heard.textContent = run.rate_said;
      rateRow.hidden = !run.can.includes("rate");
      const now = Number(run.learning_rate.toPrecision(4)).toString();
      if (now !== given && root.ownerDocument.activeElement !== rate) rate.value = given = now;
    },
  };
}
