// @ts-check
// The component of the layers page: mounts the list of layers. The contract is docs/stack.md.
import { createStack } from "./stack_view.js";

/** @type {WeakMap<object, {stack: ReturnType<typeof createStack>, host: {send: (edit: object) => void}}>} */
const stacks = new WeakMap();

/**
 * @param {{data: {frame: import("./stack_contract.js").StackFrame}, parentElement: HTMLElement | ShadowRoot, setStateValue: (name: string, value: object) => void}} component
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
