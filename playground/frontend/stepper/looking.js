// @ts-check
// "Look inside": a call of the trace opened as a lens, in a dialog over the stepper, which keeps its place.
import { copyButton, el, replace } from "../shared/dom.js";

const PART = "lens"; // of the link
const WRITTEN_AFTER = 350; // ms: browsers refuse faster writers

/** @typedef {import("./contract.js").ElementAnswer} ElementAnswer */
/** @typedef {{element: HTMLElement, stop: () => void, state: () => {direction: string, cell: number}, focus: () => void}} Shown */

/**
 * Puts the styles of a lens beside it, and waits until they are read.
 * @param {HTMLElement} place
 */
async function styled(place) {
  if (place.querySelector("link")) return;
  const sheet = el("link", { rel: "stylesheet", href: new URL("../lens/lens.css", import.meta.url).href });
  const read = new Promise((done) => ["load", "error"].forEach((event) => sheet.addEventListener(event, done)));
  place.prepend(sheet);
  await read;
}

/**
 * @param {HTMLElement} root the workbench
 * @param {(question: {key: string, index: string, number: number, picks: Record<string, number>}) => void} send
 */
export function createLooking(root, send) {
  let key = "";
  let number = Date.now(); // of the question: another one than any that was asked before, in this session or on this page
  let title = "";
  let drawn = "";
  /** @type {Shown | null} */
  let shown = null;
  /** @type {{direction: string, cell: number} | null} where the link says to begin */
  let linked = null;
  let isRestored = false;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  /** @type {Element | null} what had the focus before */
  let before = null;
  const heading = el("h2", {});
  const place = el("div", { class: "lens-place", "aria-live": "off" });
  const close = el("button", { type: "button", class: "text-button", "data-testid": "lens-close", onclick: () => dialog.close() }, "Close");
  const copy = copyButton("Copy link", () => (write(), location.href), { "data-testid": "lens-link" });
  const dialog = el("dialog", { class: "looking", "aria-label": "Look inside", "data-testid": "looking" }, el("header", {}, heading, copy, close), place);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // the stepper behind keeps its place
  dialog.addEventListener("close", () => {
    shown?.stop();
    shown = null;
    key = "";
    write();
    if (before instanceof HTMLElement || before instanceof SVGElement) before.focus();
  });

  /** Writes into the address which call is looked into, and at which cell; the rest of it is the stepper's (link.js). */
  function write() {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const place = shown?.state();
    const parts = location.search.slice(1).split("&");
    const others = parts.filter((part) => part && !part.startsWith(`${PART}=`));
    const own = key ? [`${PART}=${key.slice(3)}${place ? `.${place.direction}.${place.cell}` : ""}`] : [];
    const all = [...others, ...own];
    const search = all.length > 0 ? `?${all.join("&")}` : "";
    if (search !== location.search && isRestored) history.replaceState(history.state, "", location.pathname + search + location.hash);
  }
  const later = () => {
    if (timer === null) timer = setTimeout(write, WRITTEN_AFTER);
  };

  /** @param {Record<string, number>} picks */
  function ask(picks) {
    number += 1;
    place.setAttribute("aria-busy", "true");
    send({ key, index: "", number, picks });
  }
  /** @param {...(Node | string)} content */
  const say = (...content) => replace(place, el("p", { class: "refusal", role: "status", "data-testid": "lens-refusal" }, ...content));

  return {
    /** @param {string} call "op-3" @param {string} name of it, for the heading */
    open(call, name) {
      if (!dialog.isConnected) root.append(dialog);
      before = /** @type {ShadowRoot | Document} */ (root.getRootNode()).activeElement;
      [key, title, drawn] = [call, name, ""];
      heading.textContent = title;
      replace(place, el("p", { class: "muted" }, "Looking inside …"));
      if (!dialog.open) dialog.showModal();
      ask({});
    },
    /**
     * Opens, once, the call that the link names.
     * @param {Record<string, import("./contract.js").Item>} items
     */
    restore(items) {
      if (isRestored) return;
      isRestored = true;
      const [, call, direction, cell] = /^(\d+)(?:\.([\w.]+)\.(\d+))?$/.exec(new URLSearchParams(location.search).get(PART) ?? "") ?? [];
      if (call === undefined || !(`op-${call}` in items)) return;
      linked = direction === undefined ? null : { direction, cell: Number(cell) };
      this.open(`op-${call}`, items[`op-${call}`].title);
    },
    /** @param {ElementAnswer | null | undefined} answer */
    async show(answer) {
      if (!answer || !dialog.open || answer.key !== key || answer.number !== number) return;
      const { error, lens } = answer;
      place.removeAttribute("aria-busy");
      if (error) linked = null;
      if (error) return say(`${error.message}. ${error.hint ? `Instead: ${error.hint}.` : ""}`);
      const source = JSON.stringify(lens);
      if (!lens || source === drawn) return;
      const { createLens } = await import("../lens/view.js");
      await styled(place);
      if (answer.number !== number || !dialog.open) return;
      drawn = source;
      const from = shown?.state() ?? linked;
      linked = null;
      shown?.stop();
      shown = createLens(lens, ask, from, later);
      const sheet = place.querySelector("link");
      replace(place, sheet, shown.element);
      shown.focus();
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      shown?.stop();
      dialog.remove();
    },
  };
}
