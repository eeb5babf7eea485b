// @ts-check
// The component of the train page, mounted twice: the settings, and the runs. The contract is docs/train.md.
import { mounting } from "../shared/mounting.js";
import { createRuns } from "./runs.js";
import { createSetup } from "./setup.js";

/** @typedef {import("../shared/mounting.js").Part<any>} Part */

export default mounting((root, set, /** @type {any} */ frame) => {
  const host = { send: (/** @type {object} */ edit) => set("edit", edit), reopen: (/** @type {object} */ address) => set("address", address) };
  return /** @type {Part} */ (frame.part === "setup" ? createSetup(root, host) : createRuns(root, host));
});
