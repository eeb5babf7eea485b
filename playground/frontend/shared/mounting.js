// @ts-check
// Puts a part on the page and keeps it: where two runs of a page follow each other quickly, Streamlit takes a component
// off the page and mounts it anew at once. Position, selection, zoom, half-typed text and focus outlive that, and what is
// typed meanwhile is not lost.

import { explainTerms } from "./tooltips.js";

const GRACE = 5000; // ms that a part waits to be put back, and as long as Streamlit runs the page: then that was left
const RUNNING = '[data-test-script-state="running"]'; // Streamlit says so of its whole app
const OUT_OF_SIGHT = "position: fixed; width: 0; height: 0; overflow: hidden; opacity: 0";

/**
 * What Streamlit calls the default function of a component with; `setStateValue` is null where no server listens yet.
 * @template F
 * @typedef {{data: {frame: F}, key: string, parentElement: HTMLElement | ShadowRoot, setStateValue: ((name: string, value: object) => void) | null}} Component
 */

/**
 * @template F
 * @typedef {{update: (frame: F) => void, stop: () => void}} Part
 */

/**
 * Does something once the grace is over.
 * @param {() => void} call
 * @returns {() => void} takes it back
 */
function afterGrace(call) {
  const due = () => {
    if (document.querySelector(RUNNING)) timer = setTimeout(due, GRACE);
    else call();
  };
  let timer = setTimeout(due, GRACE);
  return () => clearTimeout(timer);
}

/**
 * Tells whether the styles of a component have been read, which say so: what is drawn before would be another size, and jump.
 * @param {HTMLElement | ShadowRoot} parent
 */
function isStyled(parent) {
  const probe = document.createElement("div");
  probe.className = "styles-read";
  parent.append(probe);
  const isRead = getComputedStyle(probe).getPropertyValue("--styles-read") !== "";
  probe.remove();
  return isRead;
}

/**
 * Does something once they have, or cannot be.
 * @param {HTMLElement | ShadowRoot} parent
 * @param {() => void} call
 */
function onceStyled(parent, call) {
  const around = parent.getRootNode();
  const events = ["load", "error"];
  /** @param {Event} event of one of them, or of another part: these do not bubble */
  const look = ({ type }) => {
    if (type === "load" && !isStyled(parent)) return;
    for (const event of events) around.removeEventListener(event, look, true);
    call();
  };
  for (const event of events) around.addEventListener(event, look, true);
}

/**
 * @template F
 * @param {(root: HTMLElement, set: (name: string, value: object) => void, frame: F) => Part<F>} create
 * @returns {(component: Component<F>) => () => void} the component's default function: it shows a frame, and returns
 *   what to do when the component leaves the page
 */
export function mounting(create) {
  /** @typedef {{root: HTMLElement, parent: HTMLElement | ShadowRoot, part: Part<F>, set: ((name: string, value: object) => void) | null, unsent: Map<string, object>, focus: HTMLElement | SVGElement | null, keep?: () => void}} Entry `keep` takes back that it is to be stopped */
  /** @type {WeakMap<object, Entry>} */
  const standing = new WeakMap();
  /** @type {Map<string, Entry>} the newest of each key */
  const newest = new Map();
  /** @type {Entry | null} */
  let first = null;

  /**
   * The part of this key that is off the page, or was until now: Streamlit may mount it anew before it says that it went.
   * @param {string} key
   */
  function adrift(key) {
    const entry = newest.get(key);
    if (!entry || (entry.root.isConnected && entry.parent.contains(entry.root))) return null;
    entry.keep?.();
    standing.delete(entry.parent);
    return entry;
  }

  /** The part that stood there before Streamlit was: what Streamlit mounts first takes it over, whatever its key. */
  function waiting() {
    const entry = first;
    first = null;
    entry?.keep?.();
    if (entry) standing.delete(entry.parent);
    return entry;
  }

  /** @param {HTMLElement | ShadowRoot} parent @param {F} frame @returns {Entry} */
  function made(parent, frame) {
    const root = document.createElement("div");
    parent.append(root);
    const set = (/** @type {string} */ name, /** @type {object} */ value) => (entry.set ? entry.set(name, value) : void entry.unsent.set(name, value));
    /** @type {Entry} */
    const entry = { root, parent, part: create(root, set, frame), set: null, unsent: new Map(), focus: null };
    explainTerms(root);
    root.addEventListener("focusin", ({ target }) => (entry.focus = target instanceof HTMLElement || target instanceof SVGElement ? target : null));
    root.addEventListener("focusout", ({ target }) =>
      // After the event: what is being taken off the page loses the focus while it still stands there.
      queueMicrotask(() => {
        if (!root.isConnected) hold(entry);
        else if (entry.focus === target && !entry.focus?.matches(":focus")) entry.focus = null;
      }),
    );
    return entry;
  }

  /**
   * Keeps a control that is off the page in the focus, out of sight: it takes the keys pressed until it is put back.
   * @param {Entry} entry
   */
  function hold(entry) {
    const { root, focus } = entry;
    if (root.isConnected || document.activeElement !== document.body || !focus?.matches("input, textarea, select, button")) return;
    const place = document.createElement("div");
    place.style.cssText = OUT_OF_SIGHT;
    place.append(root);
    document.body.append(place);
    focus.focus({ preventScroll: true });
    afterGrace(() => {
      if (place.contains(root)) entry.focus = null; // its page has been left: nobody is to hold it again
      place.remove();
    });
  }

  /** @param {Component<F>} component @returns {() => void} what to do when it leaves the page */
  function mount({ data, key, parentElement, setStateValue }) {
    let entry = standing.get(parentElement);
    if (!entry) {
      entry = adrift(key) ?? waiting() ?? made(parentElement, data.frame);
      newest.set(key, entry);
      standing.set(parentElement, entry);
      entry.parent = parentElement;
      parentElement.append(entry.root);
      if (document.activeElement === document.body) entry.focus?.focus({ preventScroll: true }); // nobody has it since
    }
    const shown = entry;
    shown.set = setStateValue;
    if (!setStateValue) first = shown;
    shown.part.update(data.frame);
    const place = parentElement instanceof ShadowRoot ? parentElement.host : parentElement;
    place.setAttribute("data-drawn", ""); // the page keeps room for it until then
    if (setStateValue) {
      for (const [name, value] of shown.unsent) setStateValue(name, value);
      shown.unsent.clear();
    }
    return () => {
      if (!standing.delete(parentElement)) return; // it stands elsewhere by now
      if (parentElement.contains(shown.root)) shown.root.remove();
      hold(shown);
      shown.set = null;
      shown.keep = afterGrace(() => {
        if (newest.get(key) === shown) newest.delete(key);
        if (first === shown) first = null;
        shown.part.stop();
      });
    };
  }

  return (component) => {
    const { parentElement } = component;
    if (isStyled(parentElement)) return mount(component);
    let leave = () => {};
    let isGone = false;
    onceStyled(parentElement, () => {
      if (!isGone) leave = mount(component);
    });
    return () => {
      isGone = true;
      leave();
    };
  };
}
