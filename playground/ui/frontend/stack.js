// @ts-check
// The list of layers: the stack as text and as rows, both ways in step. The contract is docs/stack.md.
import { el, iconButton, prose, replace } from "./dom.js";
import { themeOf } from "./theme.js";

/** @typedef {{label: string, text: string, loss?: string | null}} Cure */
/** @typedef {{name: string, kind: string, content: any, meaning: string, inferred: boolean}} Argument */
/** @typedef {{path: number[], kind: string, text: string, meaning: string, shape_rule: string, arguments: Argument[], branches: number, name?: string, gives: string | null, formula?: string, parameters?: number, parameters_formula?: string, multiplications?: number, saved?: number, field?: number | null}} Row */
/** @typedef {{path: number[], message: string, reason: string, lecture: string, level: string, cures: Cure[]}} Caution */
/** @typedef {Record<string, any> & {text: string}} StackDocument */
/** @typedef {Record<string, any> & {sequence: number, document: StackDocument, rows: Row[], cautions: Caution[]}} Frame */

const PAUSE = 250; // ms without a key before a text is sent
const REMEMBERED = 100; // documents for undo

/** @param {number | undefined} count */
const spelled = (count) => (count ? count.toLocaleString("en") : "–");
/** @param {number | undefined} bytes */
const weight = (bytes) => (!bytes ? "–" : bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(0)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`);
/** @param {any} content */
const written = (content) => (content === null ? "" : Array.isArray(content) ? content.join(", ") : String(content));

/**
 * What a person typed for an argument; undefined where it is no number.
 * @param {string} text
 * @param {string} kind
 */
export function readContent(text, kind) {
  const parts = text.replace(/[()[\]]/g, "").split(/[,x×\s]+/).filter(Boolean).map(Number);
  if (parts.some((part) => !Number.isFinite(part))) return undefined;
  if (parts.length === 0) return kind === "pin" ? null : undefined;
  return kind === "shape" ? parts : parts.length > 1 ? parts : parts[0];
}

/** @param {HTMLElement} root @param {{send: (edit: object) => void}} host */
export function createStack(root, host) {
  /** @type {Frame | null} */
  let frame = null;
  /** @type {StackDocument | null} */
  let draft = null;
  let sequence = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {StackDocument[]} */
  let past = [];
  /** @type {StackDocument[]} */
  let future = [];
  let typed = false; // something stands in the editor that has not been sent
  /** @type {string | null} */
  let wanted = null; // the control to focus after the next frame

  const editor = el("textarea", { class: "text", rows: "3", spellcheck: "false", "aria-label": "The stack as text", "data-testid": "stack-text", autocapitalize: "off" });
  const message = el("div", { class: "message", role: "status", "data-testid": "stack-error" });
  const settings = el("div", { class: "settings" });
  const undo = iconButton("undo", "Undo", () => travel(past, future), { "data-testid": "stack-undo" });
  const redo = iconButton("redo", "Redo", () => travel(future, past), { "data-testid": "stack-redo" });
  const list = el("div", { class: "scroll" });
  const cautions = el("div", { class: "cautions", "data-testid": "cautions" });
  const results = el("div", { class: "results", "data-testid": "results" });
  root.classList.add("stack");
  root.append(el("div", { class: "side" }, editor, message, settings, cautions), el("div", { class: "main" }, list, results));

  /** @param {StackDocument} document @param {object | null} edit */
  function send(document, edit = null) {
    clearTimeout(timer);
    typed = false;
    if (frame && (past.length === 0 || JSON.stringify(past.at(-1)) !== JSON.stringify(frame.document))) {
      past = [...past, frame.document].slice(-REMEMBERED);
      future = [];
    }
    draft = document;
    sequence += 1;
    host.send({ sequence, document, edit });
  }

  /** @param {StackDocument[]} from @param {StackDocument[]} to */
  function travel(from, to) {
    const document = from.pop();
    if (!document || !frame) return;
    to.push(frame.document);
    draft = document;
    sequence += 1;
    editor.value = document.text;
    host.send({ sequence, document, edit: null });
  }

  /** @param {object} edit @param {string | null} focus */
  function change(edit, focus = null) {
    if (!draft) return;
    wanted = focus;
    send({ ...draft, text: editor.value }, edit);
  }

  /** @param {Record<string, any>} fields */
  const set = (fields) => draft && send({ ...draft, text: editor.value, ...fields });

  editor.addEventListener("input", () => {
    clearTimeout(timer);
    typed = true;
    timer = setTimeout(() => set({}), PAUSE);
  });
  root.addEventListener("keydown", (event) => {
    event.stopPropagation(); // bare letters are shortcuts of the page around us
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && event.target !== editor) {
      event.preventDefault();
      if (event.shiftKey) travel(future, past);
      else travel(past, future);
    }
  });

  /** @param {Cure} cure */
  function cureButton(cure) {
    return el("button", { type: "button", class: "cure", "data-testid": "cure", onclick: () => { editor.value = cure.text; set({ text: cure.text, ...(cure.loss ? { loss: cure.loss } : {}) }); } }, cure.label);
  }

  /** @param {Frame} next */
  function showMessage(next) {
    const { problem, error } = next;
    const told = problem ?? error;
    if (!told) return replace(message);
    const cures = problem ? problem.repairs : error.repair ? [error.repair] : [];
    const hint = told.hint && !cures.some((/** @type {Cure} */ cure) => cure.label === told.hint) ? el("p", {}, ...prose(told.hint)) : null;
    const marked = error && !problem && error.start !== null ? el("p", { class: "marked" }, el("code", {}, editor.value.slice(Math.max(0, error.start - 24), error.start), el("mark", {}, editor.value.slice(error.start, error.end) || "␣"), editor.value.slice(error.end, error.end + 24))) : null;
    replace(message, el("p", { class: "bad" }, ...prose(told.message)), marked, hint, cures.length ? el("div", { class: "cures" }, ...cures.map(cureButton)) : null);
  }

  /** @param {string} label @param {string} name @param {string[]} options @param {StackDocument} document */
  function choice(label, name, options, document) {
    const select = el("select", { "data-testid": `set-${name}`, onchange: () => set({ [name]: select.value }) }, ...options.map((option) => el("option", { value: option, selected: option === document[name] }, option)));
    return el("label", {}, label, select);
  }

  /** @param {string} label @param {string} name @param {StackDocument} document @param {(text: string) => any} read */
  function field(label, name, document, read) {
    const input = el("input", { type: "text", value: written(document[name]), size: "6", "data-testid": `set-${name}` });
    input.addEventListener("change", () => {
      const content = read(input.value);
      if (content === undefined) input.value = written(document[name]);
      else set({ [name]: content });
    });
    return el("label", {}, label, input);
  }

  /** @param {Frame} next */
  function showSettings(next) {
    if (settings.contains(root.ownerDocument.activeElement)) return;
    const document = next.document;
    const number = (/** @type {string} */ text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined);
    replace(
      settings,
      choice("Loss", "loss", next.losses, document),
      choice("Batch of", "data", ["digits", "random"], document),
      field("N", "batch", document, number),
      field("Input", "input_shape", document, (text) => { const shape = readContent(text, "shape"); return Array.isArray(shape) ? shape : undefined; }),
      field("Classes", "classes", document, number),
      choice("Optimizer", "optimizer", next.optimizers, document),
      field("Learning rate", "learning_rate", document, number),
      field("Seed", "rng_seed", document, number),
      choice("Graph", "graph", ["forward", "backward", "both"], document),
      el("span", { class: "history" }, undo, redo),
    );
  }

  /** @param {Row} row @param {Argument} argument */
  function argumentField(row, argument) {
    const label = `${argument.name} of ${row.name ?? row.kind}`;
    const id = `arg-${row.path.join(".")}-${argument.name}`;
    const edit = (/** @type {any} */ content) => change({ name: "set", path: row.path, argument: argument.name, content }, id);
    if (argument.kind === "bool") {
      const box = el("input", { type: "checkbox", checked: argument.content, "data-focus": id, "data-testid": id, "aria-label": label, onchange: () => edit(box.checked) });
      return el("label", { class: "argument", title: argument.meaning }, box, argument.name);
    }
    const input = el("input", { type: "text", value: written(argument.content), placeholder: argument.inferred ? "inferred" : "", "data-focus": id, "data-testid": id, "aria-label": label, size: "4" });
    input.addEventListener("change", () => {
      const content = readContent(input.value, argument.kind);
      if (content === undefined) input.value = written(argument.content);
      else edit(content);
    });
    return el("label", { class: argument.inferred ? "argument pin" : "argument", title: argument.meaning }, argument.name, input);
  }

  /** @param {Row} row @param {Frame} next */
  function listRow(row, next) {
    const key = row.path.join(".");
    const isBad = next.problem && next.problem.path.join(".") === key;
    const name = row.name ?? row.kind;
    /** @param {string} label @param {"up" | "down" | "copy" | "remove"} glyph @param {object} edit @param {string} focus */
    const act = (label, glyph, edit, focus) => iconButton(glyph, `${label} ${name}`, () => change(edit, focus), { class: "act", title: label, "data-testid": `${label.toLowerCase().replace(/ /g, "-")}-${key}`, "data-focus": `${label}-${key}` });
    const moved = (/** @type {number} */ by) => [...row.path.slice(0, -1), Math.max(0, row.path[row.path.length - 1] + by)].join(".");
    const warned = next.cautions.some((caution) => caution.path.join(".") === key);
    const depth = (row.path.length - 1) / 2;
    return el(
      "tr",
      { class: [isBad ? "bad" : "", row.gives === null ? "unknown" : "", warned ? "warned" : ""].join(" "), "data-testid": `row-${key}` },
      el("th", { scope: "row", style: `padding-inline-start:${8 + 18 * depth}px`, title: row.meaning }, row.kind, warned ? el("span", { class: "flag", title: "a warning stands beside the list" }, " !") : null),
      el("td", { class: "arguments" }, ...row.arguments.filter((argument) => argument.name !== "eps").map((argument) => argumentField(row, argument))),
      el("td", { class: "shape", title: row.shape_rule }, row.gives ?? (isBad ? "does not fit" : "?"), row.formula ? el("small", {}, row.formula) : null),
      el("td", { class: "number" }, spelled(row.parameters), row.parameters_formula ? el("small", {}, row.parameters_formula) : null),
      el("td", { class: "number" }, spelled(row.multiplications)),
      el("td", { class: "number" }, weight(row.saved)),
      el("td", { class: "number" }, row.field ? `${row.field}×${row.field}` : "–"),
      el(
        "td",
        { class: "acts" },
        act("Move up", "up", { name: "move", path: row.path, by: -1 }, `Move up-${moved(-1)}`),
        act("Move down", "down", { name: "move", path: row.path, by: 1 }, `Move down-${moved(1)}`),
        act("Duplicate", "copy", { name: "duplicate", path: row.path }, `Duplicate-${moved(1)}`),
        act("Remove", "remove", { name: "remove", path: row.path }, `Remove-${moved(-1)}`),
      ),
    );
  }

  /** @param {Frame} next */
  function showList(next) {
    const add = el("select", { "aria-label": "Add a layer", "data-testid": "add-layer" }, el("option", { value: "" }, "Add a layer …"));
    for (const family of new Set(next.catalogue.map((/** @type {any} */ kind) => kind.family))) {
      const kinds = next.catalogue.filter((/** @type {any} */ kind) => kind.family === family);
      add.append(el("optgroup", { label: family }, ...kinds.map((/** @type {any} */ kind) => el("option", { value: kind.name, title: kind.meaning }, kind.name))));
    }
    add.addEventListener("change", () => change({ name: "insert", path: [next.rows.filter((row) => row.path.length === 1).length], kind: add.value }));
    const heads = ["Layer", "Arguments", "Output", "Parameters", "Products", "Saved", "Sees", "Change"];
    const totals = next.totals;
    replace(
      list,
      el(
        "table",
        { "aria-label": "The layers" },
        el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
        el(
          "tbody",
          {},
          el("tr", { class: "input" }, el("th", { scope: "row" }, "Input"), el("td", {}), el("td", { class: "shape" }, next.input), el("td", { colspan: "5" })),
          ...next.rows.map((row) => listRow(row, next)),
          totals ? el("tr", { class: "totals", "data-testid": "totals" }, el("th", { scope: "row" }, "Total"), el("td", {}, add), el("td", { class: "shape" }, totals.output ?? "–"), el("td", { class: "number" }, spelled(totals.parameters)), el("td", { class: "number" }, spelled(totals.multiplications)), el("td", { class: "number" }, weight(totals.saved)), el("td", { colspan: "2" })) : null,
        ),
      ),
    );
  }

  /** @param {Frame} next */
  function showCautions(next) {
    replace(
      cautions,
      ...next.cautions.map((caution) =>
        el("section", { class: `caution ${caution.level}` }, el("p", { class: "what" }, caution.message), el("p", { class: "why" }, caution.reason, caution.lecture ? el("span", { class: "lecture" }, ` ${caution.lecture}`) : null), el("div", { class: "cures" }, ...caution.cures.map(cureButton))),
      ),
    );
  }

  /** @param {string} label @param {string[]} heads @param {string[][]} rows */
  function table(label, heads, rows) {
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, el("table", { "aria-label": label }, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, ...rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", {}, cell)))))));
  }

  /** @param {Frame} next */
  function showResults(next) {
    const found = next.results;
    if (!found) return replace(results);
    const open = [...results.querySelectorAll("details")].map((details) => details.open);
    const facts = el("details", { open: open[0] }, el("summary", {}, "Each layer on this batch: gradient norm, dead units, mean"), table("Each layer on this batch", ["layer", "gradient norm", "dead units", "mean", "deviation"], found.facts.map((/** @type {any} */ fact) => [fact.name, fact.gradient_norm ?? "–", fact.dead ?? "–", fact.mean, fact.deviation])));
    const step = found.step;
    const update = step
      ? el("details", { open: open[1] }, el("summary", {}, `One step of ${step.optimizer}, learning rate ${step.learning_rate}: loss ${step.loss_before} → ${step.loss_after}`), table("One optimizer step", ["parameter", "before", "gradient", "state", "after"], step.parameters.map((/** @type {any} */ change) => [change.name, change.before, change.gradient, change.state.join("; ") || "–", change.after])))
      : null;
    const accuracy = found.accuracy === null ? "" : `, ${found.accuracy} right`;
    replace(results, el("p", { class: "loss", "data-testid": "loss" }, `Loss on this batch: ${found.loss}${accuracy}`), facts, update);
  }

  return {
    /** @param {Frame} next */
    update(next) {
      frame = next;
      root.dataset.theme = themeOf(root, null);
      if (next.sequence >= sequence) {
        sequence = next.sequence;
        draft = next.document;
if (!typed && editor.value !== next.document.text) editor.value = next.document.text;
      }
      undo.disabled = past.length === 0;
      redo.disabled = future.length === 0;
      showSettings(next);
      showMessage(next);
      showList(next);
      showCautions(next);
      showResults(next);
      if (wanted !== null) /** @type {HTMLElement | null} */ (root.querySelector(`[data-focus="${wanted}"]`))?.focus();
      wanted = null;
      root.dataset.listed = String(next.sequence);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

/** @type {WeakMap<object, {stack: ReturnType<typeof createStack>, host: {send: (edit: object) => void}}>} */
const stacks = new WeakMap();

/**
 * @param {{data: {frame: Frame}, parentElement: HTMLElement | ShadowRoot, setStateValue: (name: string, value: object) => void}} component
 * @returns {() => void}
 */
export default function stack({ data, parentElement, setStateValue }) {
  let entry = stacks.get(parentElement);
  const send = (/** @type {object} */ edit) => setStateValue("edit", edit);
  if (!entry) {
    const root = document.createElement("div");
    parentElement.append(root);
    const host = { send };
    entry = { stack: createStack(root, host), host };
    stacks.set(parentElement, entry);
  }
  entry.host.send = send;
  entry.stack.update(data.frame);
  return () => {
    entry.stack.stop();
    stacks.delete(parentElement);
  };
}
