// @ts-check
// The runs' side: how each run is, its curves as they grow, the console's table, samples, and what can be compared.
import { createCharts } from "./charts.js";
import { el, replace } from "../shared/dom.js";
import { themeOf } from "../shared/theme.js";
import { createAdd } from "./add.js";
import { createCard } from "./card.js";
import { withNews } from "./columns.js";
import { differencesTable, runList, staleNote } from "./compare.js";
import { createConsole } from "./console.js";
import { createFrozen } from "./frozen.js";
import { showQuery } from "./address.js";
import { ownerToken } from "./owner.js";
import { createSamples } from "./samples.js";
import { createTables } from "./tables.js";
import { createView } from "./chart_options.js";

/** @typedef {import("./contract.js").RunsFrame} RunsFrame */

const NARROW = 640; // px; the runs stand below the settings then
const SAID_EVERY = 5000; // ms between two sentences for a screen reader

/**
 * @param {HTMLElement} root
 * @param {{send: (edit: {sequence: number, [more: string]: unknown}) => void}} host
 */
export function createRuns(root, host) {
  /** @type {Map<string, import("./contract.js").Kept>} */
  const kept = new Map();
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();
  /** @type {RunsFrame | null} */
  let frame = null;
  let sequence = 0;
  let asked = 0; // the edit that asked for everything again
  let owner = "";
  let spoken = -Infinity;
  let wasActive = "";
  /** @type {string | undefined} */
  let wasFirst;

  /** @type {import("./contract.js").Act} */
  const act = (what, run = "", content = "") => {
    sequence += 1;
    host.send({ sequence, owner, do: what, run, content });
    return sequence;
  };
  const empty = el("p", { class: "empty", "data-testid": "no-run" }, "No run yet. Press Train: the curves grow here.");
  const stale = el("div", { class: "stale", role: "status", "data-testid": "stale" });
  const said = el("p", { class: "bad", role: "alert", "data-testid": "runs-said" });
  const list = el("div", { class: "cards" });
  const spokenWords = el("p", { class: "announced", "aria-live": "polite", "data-testid": "spoken" });
  const plots = el("div", { class: "charts" });
  const charts = createCharts(plots);
  const view = createView(
    () => frame && drawCharts(frame),
    () => charts.reset(),
  );
  const differences = el("div", { class: "differences", "data-testid": "differences" });
  const samples = createSamples();
  const lines = createConsole();
  const frozen = createFrozen();
  const tables = createTables();
  const others = el("div", { class: "others" });
  const add = createAdd(act);
  root.classList.add("training", "runs");
  root.append(empty, said, list, stale, spokenWords, view.root, plots, tables.root, differences, samples.root, lines.root, others, add.root);
  root.addEventListener("keydown", (event) => event.stopPropagation()); // bare letters are shortcuts of the page

  /** @param {RunsFrame} next */
  function drawCharts(next) {
    const theme = themeOf(root, null);
    root.dataset.theme = theme;
    const style = getComputedStyle(root);
    const byLetter = new Map(next.runs.flatMap((run) => (kept.has(run.id) ? [[run.letter, /** @type {any} */ (kept.get(run.id))]] : [])));
    const colours = { ink: style.getPropertyValue("--ink-plain").trim(), grid: style.getPropertyValue("--grid").trim() };
    const chosen = next.charts.filter(({ id }) => !view.leavesOut(id));
    charts.update(chosen, {
      kept: byLetter,
      view: view.current(),
      axes: next.axes,
      palette: next.palettes[theme],
      sentence: next.runs.map((run) => run.sentence).join(" "),
      ...colours,
    });
  }

  /** @param {RunsFrame} next */
  function take(next) {
    for (const run of next.runs) {
      const now = withNews(kept.get(run.id), run);
      if (now !== null) kept.set(run.id, now);
      else if (asked <= next.sequence) {
        act("again");
        asked = sequence;
      }
    }
    for (const id of kept.keys()) if (!next.runs.some((run) => run.id === id)) kept.delete(id);
  }

  /** @param {RunsFrame} next */
  function showCards(next) {
    for (const [id, card] of cards) {
      if (next.runs.some((run) => run.id === id)) continue;
      card.root.remove();
      cards.delete(id);
    }
    next.runs.forEach((run, index) => {
      const card = cards.get(run.id) ?? createCard(run.id, act);
      cards.set(run.id, card);
      if (list.children[index] !== card.root) list.insertBefore(card.root, list.children[index] ?? null);
      card.update(run, next.runs.length > 1, next.sequence);
    });
  }

  /** @param {RunsFrame} next */
  function speak(next) {
    const now = performance.now();
    const states = next.runs.map((run) => run.status).join();
    if (next.runs.length === 0 || (states === wasActive && now - spoken < SAID_EVERY)) return;
    [spoken, wasActive] = [now, states];
    const words = next.runs.map((run) => `${run.sentence} ${run.state}.`).join(" ");
    if (spokenWords.textContent !== words) spokenWords.textContent = words;
  }

  return {
    /** @param {RunsFrame} next */
    update(next) {
      frame = next;
      sequence = Math.max(sequence, next.sequence);
      owner = ownerToken(next.owner);
      take(next);
      if (owner !== next.owner && asked <= next.sequence) {
        act("owner");
        asked = sequence;
      }
      const first = next.runs[0];
      empty.hidden = Boolean(first);
      said.textContent = next.said;
      showCards(next);
      replace(stale, first ? staleNote(next.stale, first, act) : null);
      view.root.hidden = !first;
      view.update(next.axes, next.layer_charts);
      drawCharts(next);
      replace(differences, differencesTable(next));
      tables.update(next.tables);
      samples.update(first && kept.get(first.id)?.last ? first : undefined); // with the first point, so that the charts push nothing down
      lines.update(first ? kept.get(first.id) : undefined, next.headings, first?.id ?? "");
      runList(others, next, act);
      add.update(next);
      speak(next);
      showQuery(next.query);
      frozen.update(next.frozen);
      const isNew = wasFirst !== undefined && first !== undefined && first.id !== wasFirst;
      wasFirst = first?.id ?? "";
      if (isNew && innerWidth < NARROW) root.scrollIntoView({ block: "start" });
      root.dataset.shown = next.runs.map((run) => `${run.id}:${run.status}`).join(" ");
    },
    stop() {
      frozen.stop();
      charts.stop();
    },
  };
}
