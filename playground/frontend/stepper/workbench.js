// @ts-check
// One trace on the screen: editor, leaves, graph, step bar and panel, and what they say to one another.
import { createStepBar } from "./graph/step_bar.js";
import { EMPTY_PICTURE } from "./graph/empty_picture.js";
import { showDetails } from "./panel/details.js";
import { createDraft } from "./draft.js";
import { el, replace, setAttribute } from "../shared/dom.js";
import { createEditor } from "./text/editor.js";
import { createElementPicker } from "./panel/element.js";
import { createGraph } from "./graph/graph.js";
import { listenToKeys } from "./keys.js";
import { createLeaves } from "./text/leaves.js";
import { createLink } from "./link.js";
import { createUnfolding, markAt } from "./graph/unfolding.js";
import { createPlaces } from "./place.js";
import { createPainter } from "./graph/painter.js";
import { createPanel, showExplanation } from "./panel/panel.js";
import { phaseFrom, phaseStarts } from "./graph/phases.js";
import { savePicture } from "./graph/save_picture.js";
import { createResults } from "./panel/results.js";
import { createPlayer } from "./graph/player.js";
import { itemAtCaret, marksOf, unitPositions } from "./text/text_positions.js";
import { createStated } from "./text/stated.js";
import { createSwitches } from "./text/switches.js";
import { createTable } from "./panel/table.js";
import { createTold } from "./told.js";
import { themeOf } from "../shared/theme.js";
import { begin } from "../shared/welcome.js";
import { compileTimeline, keepPosition, wordsAt } from "./graph/timeline.js";
import { createHelp, createToolbar } from "./toolbar.js";
import { showWhy } from "./panel/why.js";

/** @typedef {import("./contract.js").Frame} Frame */
/** @typedef {import("./contract.js").Picture} Picture */
/** @typedef {import("./contract.js").Edit} Edit */
/** @typedef {import("./contract.js").GraphKind} GraphKind */
/** @typedef {import("./contract.js").Suggest} Suggest */

/**
 * @param {HTMLElement} root
 * @param {import("./contract.js").Host} host
 */
export function createWorkbench(root, host) {
  const standalone = host.send === null && !host.follows;
  let picture = EMPTY_PICTURE;
  let timeline = compileTimeline(EMPTY_PICTURE);
  let k = 0;
  /** @type {string | null} */
  let selected = null;
  /** @type {string | null} */
  let heldKey = null;
  let [tableSource, query, shownStamp] = ["", "", ""];
  let asked = false;
  let toUnits = unitPositions("");
  /** @type {Frame | null} */
  let frame = null;

  const painter = createPainter((items) => graph.name(items));
  const link = createLink((search) => host.reopen?.({ search, number: performance.now(), have: heldKey }), root);
  const places = createPlaces(() => ({ k, selected, tab: panel.shown() }));
  const draft = createDraft({ send: (edit) => host.send?.(edit), have: () => heldKey });
  const stated = createStated();
  const player = createPlayer({ position: () => k, last: () => timeline.last, goto, onChange: (playing) => stepBar.setPlaying(playing) });
  const stepBar = createStepBar({ goto: user, by: (distance) => user(k + distance), toggle: player.toggle, byPhase, setSpeed: player.setSpeed });
  const graph = createGraph({ onSelect: select, onToggle: toggle, painter });
  const unfolding = createUnfolding((opened) => host.unfold?.({ ...opened, have: heldKey }));
  const table = createTable({ onSelect: select });
  const panel = createPanel({ onShow: () => refreshPanel() });
  const results = createResults({ onSelect: select, open: panel.open, reach: (step) => step > k && user(step) });
  const told = createTold((question) => host.want?.(question));
  const picker = createElementPicker((question) => host.ask?.({ ...question, have: heldKey }));
  const reason = el("div", { class: "reason" });
  const help = createHelp();
  const refusal = el("p", { class: "refusal", role: "status", "data-testid": "opening-note" });
  const editor = createEditor({
    onInput: (text, kind) => edit(() => draft.change({ text }, kind)),
    onCaret: (caret) => editor.text() === picture.text && select(itemAtCaret(picture.items, caret, toUnits), false),
    onRepair: repair,
    suggest: host.suggest ? (text) => /** @type {Suggest} */ (host.suggest)(text, () => (frame?.leaves ?? []).map(({ name }) => name)) : null,
  });
  const leaves = createLeaves({
    onChange(name, change, kind) {
      const written = stated.write(draft.current(), name, change);
      if (written === null) return;
      edit(() => draft.change(written, kind));
      editor.setText(draft.current().text);
    },
  });
  const switches = createSwitches({
    onChange(change) {
      draft.change(change, null);
      switches.show(draft.current(), leafNames());
    },
  });
  const toolbar = createToolbar({
    onGraph(name) {
      if (host.draw) return host.draw(name);
      toolbar.showGraph(name);
      draft.change({ graph: name }, null);
    },
    onView: (command) => view(command),
    onTurn: unfolding.turn,
    onToggle: (mark) => toggle(mark, null),
    onSave: (format) => save(format),
    onHistory: travel,
    onHelp: help.show,
    address: link.address,
    compare: host.beside?.menu ?? null,
  });

  panel.pages.table.append(table.element);
  panel.pages.why.append(reason, picker.element);
  if (host.ask) picker.listen(panel.pages.details, () => panel.open("why"));
  root.classList.add("workbench");
  root.tabIndex = -1;
  replace(
    root,
    el("section", { class: "source", "aria-label": "Text and leaves" }, editor.element, leaves.element, results.element, switches.element),
    el("section", { class: "picture", "aria-label": "Graph and steps" }, toolbar.element, refusal, graph.element, stepBar.element),
    el("section", { class: "about", "aria-label": "About this step" }, panel.element),
    stepBar.live,
    help.element,
  );
  panel.open("explanation");
  const canObey = (/** @type {string} */ command) =>
    command === "compare" ? Boolean(frame?.variants) : Boolean(frame?.editable || !["undo", "redo"].includes(command));
  const stopListening = host.follows ? null : listenToKeys(root, { takes: (command) => !help.element.open && canObey(command), obey });

  const view = (/** @type {string} */ command) => (graph.view(command), host.beside?.viewed(command));
  const retheme = () => setAttribute(root, "data-theme", themeOf(root, frame?.theme ?? null));
  const leafNames = () => (frame?.leaves ?? []).filter((leaf) => leaf.requires_grad).map((leaf) => leaf.name);

  /** @param {() => void} change */
  function edit(change) {
    change();
    toolbar.showHistory(draft.history.canUndo(), draft.history.canRedo());
  }
  function showDraft() {
    editor.setText(draft.current().text);
    const rows = (frame?.leaves ?? []).map((row) => ({ ...row, ...draft.current().leaves[row.name] }));
    leaves.show(rows, true);
  }
  /** @param {"undo" | "redo"} command */
  function travel(command) {
    if (!frame?.editable) return;
    edit(() => draft.restore(draft.history[command]()));
    showDraft();
  }
  /** @param {import("./contract.js").PageError} error */
  function repair({ repair: offer, leaf }) {
    if (!offer) return;
    const { leaves: all } = draft.current();
    if (leaf !== null) edit(() => draft.change({ leaves: { ...all, [leaf]: { ...all[leaf], value: offer.text } } }, "repair"));
    else edit(() => draft.change({ text: offer.text }, "repair"));
    showDraft();
    editor.focus();
  }
  /** @param {string} mark a module to unfold (+path) or fold (-path) @param {Element | null} from what stands for it now */
  function toggle(mark, from) {
    if (!host.unfold || mark.length < 2) return;
    graph.hold(mark.slice(1), from);
    unfolding.change(mark);
  }
  /** @param {boolean} opens @param {Element} target unfolds or folds what has the focus, else what is selected */
  function toggleAt(opens, target) {
    const at = target.matches(".graph .item, .graph .toggle") ? target : selected === null ? null : graph.item(selected);
    if (at) toggle(markAt(at, opens), at);
  }

  const save = (/** @type {"svg" | "png"} */ format) =>
    graph.whole(() => savePicture(graph.svg(), getComputedStyle(root).backgroundColor, format, picture.text));
  /** @param {number} next */
  function user(next) {
    player.stop();
    goto(next);
  }
  /** @param {1 | -1} direction */
  function byPhase(direction) {
    user(phaseFrom(phaseStarts(picture.steps), k, timeline.last, direction));
  }
  /** @param {number} next */
  function goto(next) {
    const to = Math.max(0, Math.min(timeline.last, Math.round(next)));
    if (to === k) return;
    begin();
    painter.goto(to);
    k = to;
    showPosition();
    revealStep();
    stepBar.announce(k, timeline.last, wordsAt(picture, timeline, k));
    host.beside?.moved(k);
    if (!standalone) link.show(query, k);
  }
  function revealStep() {
    graph.reveal(k > 0 ? picture.steps[k - 1].active : [], k > 0 ? picture.steps[k - 1].flow : []);
  }
  function showPosition() {
    const now = wordsAt(picture, timeline, k);
    setAttribute(root, "data-step", String(k));
    setAttribute(root, "data-steps", String(timeline.last));
    setAttribute(root, "data-phase", now.phase);
    stepBar.show(k, timeline.last, now);
    markText();
    refreshPanel();
  }
  function markText() {
    if (editor.text() !== picture.text) return editor.mark([]);
    const { spans, phase } = wordsAt(picture, timeline, k);
    const chosen = (selected !== null && picture.items[selected]?.spans) || [];
    editor.mark([...marksOf(spans, phase, toUnits), ...marksOf(chosen, "selected", toUnits)]);
  }
  function refreshPanel() {
    if (host.want) told.want(picture, k, selected, heldKey);
    places.keep(query);
    const { pages } = panel;
    const name = panel.shown();
    if (name === "explanation") showExplanation(pages.explanation, wordsAt(picture, timeline, k), select);
    if (name === "details") showDetails(pages.details, picture, timeline, selected, k, host.look ?? null);
    if (name === "why") {
      showWhy(reason, picture, selected, standalone, k, user);
      picker.offer(picture.items, host.ask ? selected : null);
      picker.show(frame?.element ?? null, k);
    }
  }
  /** @param {string | null} key @param {boolean} [opens] its details, where the explanation is shown; false: nobody asked for them */
  function select(key, opens = true) {
    selected = key !== null && (key in picture.items || graph.item(key)) ? key : null;
    const related = selected === null ? [] : [selected, ...(picture.items[selected]?.related ?? [])];
    painter.select(new Set(related));
    graph.press(selected, related);
    table.press(new Set(related));
    markText();
    host.beside?.selected(selected, opens);
    if (opens && selected !== null && panel.shown() === "explanation") panel.open("details");
    else refreshPanel();
  }

  /** @param {string} command @param {Element} target */
  function obey(command, target) {
    if (host.beside?.obey(command, target)) return;
    if (command === "back" || command === "forward") user(k + (command === "back" ? -1 : 1));
    else if (command === "first" || command === "last") user(command === "first" ? 0 : timeline.last);
    else if (command === "phase-back" || command === "phase-on") byPhase(command === "phase-on" ? 1 : -1);
    else if (command === "play") player.toggle();
    else if (command === "undo" || command === "redo") travel(command);
    else if (command === "help") help.show();
    else if (command === "clear") select(null);
    else if (command === "open" || command === "close") toggleAt(command === "open", target);
    else if (command === "select" && (target.matches(".toggle") || (target.matches("[aria-pressed=true][data-opens]") && host.unfold))) toggleAt(true, target);
    else if (command === "select") host.enter?.(target) || select(target.getAttribute("data-key"));
    else if (command === "next" || command === "previous") (target.localName === "tr" ? table : graph).moveFocus(target, command === "next" ? 1 : -1);
    else view(command);
  }

  /** @param {Picture} next @param {number | null} wanted */
  function showPicture(next, wanted) {
    const oldLast = timeline.last;
    [picture, timeline, toUnits] = [next, compileTimeline(next), unitPositions(next.text)];
    k = wanted === null ? keepPosition(k, oldLast, timeline.last) : Math.max(0, Math.min(timeline.last, wanted));
    const source = JSON.stringify(next.table);
    painter.load(timeline, k);
    const isNew = next.scene !== null && next.key !== heldKey;
    selected = graph.show(next, isNew, selected);
    if (isNew) heldKey = next.key;
    results.show(next);
    stepBar.load(next.steps);
    toolbar.showModules(host.unfold !== undefined && Boolean(next.modules));
    refusal.textContent = next.modules?.message ?? "";
    if (source !== tableSource) {
      tableSource = source;
      table.show(next.table);
      painter.clear("table");
      painter.add("table", table.table);
    }
    select(selected, false);
    if (isNew || wanted !== null) revealStep();
  }

  return {
    goto,
    position: () => k,
    held: () => heldKey,
    select,
    obey,
    view: graph.view,
    mark: graph.mark,
    insert: editor.insert,
    save,
    /** @param {Frame} next */
    update(next) {
      frame = next;
      if (!root.dataset.theme) retheme();
      else requestAnimationFrame(retheme); // where styles are computed anyway, not before the answer is drawn
      const isNewest = draft.accept(next);
      unfolding.accept(next.opened);
      toolbar.showTurned(unfolding.isSideways());
      const back = heldKey === null && next.step === null && next.picture ? places.of(next.query) : null;
      query = next.query;
      root.classList.toggle("read-only", !next.editable);
      const canDraw = host.draw !== undefined || (!standalone && next.document !== null);
      toolbar.offer({ graphs: canDraw, histories: next.editable, link: !standalone, turn: host.unfold !== undefined, save: !host.hasExports });
      toolbar.showGraph(draft.current().graph);
      toolbar.showHistory(draft.history.canUndo(), draft.history.canRedo());
      editor.setEditable(next.editable);
      editor.element.hidden = !next.editable && !next.picture?.text;
      const { text } = draft.current();
      if (isNewest) editor.setText(text);
      if (isNewest || next.document?.text === text) stated.accept(next.leaves, text); // an older answer may be about the same text
      switches.element.hidden = !next.editable || next.document === null;
      switches.show(draft.current(), leafNames());
      leaves.show(next.editable ? next.leaves : [], isNewest, next.error?.leaf ?? null);
      const stamp = `${next.sequence} ${next.query} ${next.step}`;
      const isOpened = next.step !== null && stamp !== shownStamp;
      const wanted = isOpened ? next.step : (back?.k ?? null);
      shownStamp = stamp;
      if (next.picture) {
        const lost = next.picture.scene === null && next.picture.key !== heldKey;
        if (!lost) showPicture(next.picture, wanted);
        else if (!asked) draft.resend();
        asked = lost;
      }
      graph.age(next.stale);
      told.accept(picture, next.told);
      if (isNewest) editor.setError(next.error);
      if (back) panel.open(back.tab);
      if (back) select(back.selected, false);
      showPosition();
      picker.show(next.element ?? null, k);
      if (!standalone) link.show(query, k, isOpened);
      setAttribute(root, "data-key", heldKey ?? "");
      setAttribute(root, "data-sequence", String(next.sequence));
      setAttribute(root, "data-ready", "true");
    },
    retheme,
    /** @param {import("./contract.js").ToldAnswer | null} answer what the picture had left out */
    tell(answer) {
      if (told.accept(picture, answer)) showPosition();
    },
    stop() {
      stopListening?.();
      player.stop();
      editor.stop();
      link.stop();
      draft.stop();
      picker.stop();
      graph.viewport.stop();
    },
  };
}
