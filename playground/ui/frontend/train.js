// @ts-check
// The component of the train page, mounted twice: the settings, and the runs. The contract is docs/train.md.
import { createRuns } from "./train_runs.js";
import { createSetup } from "./train_setup.js";

/** @typedef {{update: (frame: any) => void, stop: () => void}} Part */

/** @type {WeakMap<object, {part: Part, host: {send: (edit: object) => void}}>} */
const parts = new WeakMap();

/**
 * @param {{data: {frame: any}, parentElement: HTMLElement | ShadowRoot, setStateValue: (name: string, value: object) => void}} component
 * @returns {() => void}
 */
export default function train({ data, parentElement, setStateValue }) {
  let entry = parts.get(parentElement);
  const send = (/** @type {object} */ edit) => setStateValue("edit", edit);
  if (!entry) {
    const root = document.createElement("div");
    parentElement.append(root);
    const host = { send };
    entry = { part: data.frame.part === "setup" ? createSetup(root, host) : createRuns(root, host), host };
    parts.set(parentElement, entry);
  }
  entry.host.send = send;
  entry.part.update(data.frame);
  return () => {
    entry.part.stop();
    parts.delete(parentElement);
  };
}
