// @ts-check
// The component of the train page, mounted twice: the settings, and the runs. The contract is docs/train.md.
import { createDirect } from "../shared/direct.js";
import { mounting } from "../shared/mounting.js";
import { createRuns } from "./runs.js";
import { createSetup } from "./setup.js";

/** @typedef {import("../shared/mounting.js").Part<any>} Part */
/** @typedef {import("./contract.js").RunsFrame} RunsFrame */

export default mounting((root, set, /** @type {any} */ frame) => {
  const send = (/** @type {object} */ edit) => set("edit", edit);
  const reopen = (/** @type {object} */ address) => set("address", address);
  return /** @type {Part} */ (frame.part === "setup" ? createSetup(root, { send, reopen }) : createAskingRuns(root, send));
});

/**
 * The runs' side, which asks for the next frame by itself: Streamlit runs the page only where something outside of it is
 * due, and where nobody answers directly.
 * @param {HTMLElement} root
 * @param {(edit: object) => void} send through Streamlit's socket
 */
function createAskingRuns(root, send) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isStopped = false;
  const direct = createDirect({ take: show, pass: send, keepsAll: true });
  const runs = createRuns(root, { send: direct.send });

  /** @param {RunsFrame} frame */
  function show(frame) {
    if (isStopped) return; // it was answered after its page had been left
    runs.update(frame);
    clearTimeout(timer);
    if (!frame.direct) return; // then Streamlit asks
    const { sequence, owner, every } = frame;
    if (frame.page_due) send({ sequence, owner, do: "poll", number: performance.now() });
    else if (every !== null) timer = setTimeout(() => direct.send({ sequence, owner, do: "poll", number: performance.now() }), 1000 * every);
  }
  return {
    /** @param {RunsFrame} frame */
    update(frame) {
      if (direct.accept(frame)) show(frame);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      runs.stop();
    },
  };
}
