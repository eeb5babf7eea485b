// @ts-check
// The component's entry: Streamlit calls the default function for every new data, on the same element.
import { createWorkbench } from "./workbench.js";

/** @typedef {import("./contract.js").Frame} Frame */
/** @typedef {Omit<Frame, "picture"> & {picture: {key: string, svg: string | null, rest: string} | null}} Packed */
/** @typedef {import("./contract.js").Picture} Picture */
/** @typedef {ReturnType<typeof createWorkbench>} Workbench */
/** @typedef {{bench: Workbench, host: {send: (edit: object) => void, ask: (question: object) => void, open: (opened: object) => void}, stop: () => void}} Mounted */

/** @type {WeakMap<object, Mounted>} */
const mounted = new WeakMap();

/**
 * Follows the reader's system from light to dark and back.
 * @param {Workbench} bench
 * @returns {() => void}
 */
function followScheme(bench) {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", bench.retheme);
  return () => scheme.removeEventListener("change", bench.retheme);
}

/**
 * A picture travels as its SVG and the rest as text, which the server keeps more cheaply than data.
 * @param {Packed} frame
 * @returns {Frame}
 */
function unpacked(frame) {
  const { picture } = frame;
  return { ...frame, picture: picture && { ...JSON.parse(picture.rest), svg: picture.svg } };
}

/**
 * @param {{data: {frame: Packed}, parentElement: HTMLElement | ShadowRoot, setStateValue: (name: string, value: object) => void}} component
 * @returns {() => void} what to do when the component leaves the page
 */
export default function stepper({ data, parentElement, setStateValue }) {
  let entry = mounted.get(parentElement);
  const send = (/** @type {object} */ edit) => setStateValue("edit", edit);
  const ask = (/** @type {object} */ question) => setStateValue("element", question);
  const open = (/** @type {object} */ opened) => setStateValue("open", opened);
  if (!entry) {
    const root = document.createElement("div");
    parentElement.append(root);
    const host = { send, ask, open };
    const bench = createWorkbench(root, host);
    const unfollow = followScheme(bench);
    const stop = () => {
      unfollow();
      bench.stop();
      root.remove();
      mounted.delete(parentElement);
    };
    entry = { bench, host, stop };
    mounted.set(parentElement, entry);
    Object.assign(root, { workbench: bench });
  }
  entry.host.send = send;
  entry.host.ask = ask;
  entry.host.open = open;
  entry.bench.update(unpacked(data.frame));
  return entry.stop;
}

/**
 * Shows a picture with no server behind it, as in a self-contained HTML file; with the other graphs where they are given.
 * @param {HTMLElement} root
 * @param {Picture} picture
 * @param {Record<string, Picture>} [others]
 * @returns {Workbench}
 */
export function mountStandalone(root, picture, others) {
  /** @param {Picture} shown @param {number | null} step */
  const show = (shown, step) => bench.update({ picture: shown, sequence: 0, query: "", document: null, leaves: [], error: null, editable: false, step, theme: null });
  const bench = createWorkbench(root, others ? { send: null, draw: (name) => show(others[name], null) } : { send: null });
  root.classList.add("standalone");
  followScheme(bench);
  show(picture, 0);
  Object.assign(root, { workbench: bench });
  return bench;
}
