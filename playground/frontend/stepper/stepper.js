// @ts-check
// The component that shows a trace on all three pages: mounts the workbench. The contract is docs/stepper.md.
import { listenToInsert } from "../shared/insertion.js";
import { mounting } from "../shared/mounting.js";
import { listenToSave } from "../shared/saving.js";
import { followScheme } from "../shared/theme.js";
import { createWelcome } from "../shared/welcome.js";
import { createSuggestions } from "./text/suggestions.js";
import { createBeside } from "./beside/beside.js";
import { callOf } from "./call_of.js";
import { createLooking } from "./looking.js";
import { createDirect } from "../shared/direct.js";
import { createWorkbench } from "./workbench.js";

/** @typedef {import("./contract.js").Frame} Frame */
/** @typedef {Omit<Frame, "picture"> & {picture: import("./contract.js").PictureText | null}} Packed */

/**
 * Reads frames: a picture travels as its scene and the rest as text, which the server keeps more cheaply than data. The
 * same text is the same picture, so that what was told of it since stays.
 * @returns {(frame: Packed) => Frame}
 */
function createReader() {
  let text = "";
  /** @type {Frame["picture"]} */
  let read = null;
  return (frame) => {
    const { picture } = frame;
    if (!picture) return { ...frame, picture };
    const scene = picture.scene && JSON.parse(picture.scene);
    if (!read || picture.rest !== text) [text, read] = [picture.rest, JSON.parse(picture.rest)];
    return { ...frame, picture: Object.assign(/** @type {import("./contract.js").Picture} */ (read), { key: picture.key, scene }) };
  };
}

/** @typedef {{FUNCTIONS: import("./text/completion.js").FunctionRow[], PREFIXES: Record<string, string>}} Functions */

/** @type {Functions} */
let functions = { FUNCTIONS: [], PREFIXES: {} };

/** Loads the table of functions, once there is a text that can be edited. */
async function loadFunctions() {
  functions = await import("../shared/functions.js"); // once: a module is kept
}

export default mounting((root, set, /** @type {Packed} */ _) => {
  const tell = (/** @type {string} */ name) => (/** @type {object} */ said) => set(name, { ...said, has_beside: beside.holds() });
  const beside = createBeside(
    (command) => tell("beside")({ command, have: bench.held(), number: performance.now() }),
    (question) => tell("told_before")({ ...question, have: bench.held() }),
    createWorkbench,
  );
  const bench = createWorkbench(root, {
    send: (edit) => direct.send({ ...edit, has_beside: beside.holds() }),
    ask: tell("element"),
    look,
    enter: (target) => target.matches("[aria-pressed=true]") && look(target.getAttribute("data-key")),
    want: tell("told"),
    unfold: tell("open"),
    reopen: tell("address"),
    beside: beside.companion,
    hasExports: true,
    suggest: (text, leaves) => createSuggestions(text, () => ({ functions: functions.FUNCTIONS, prefixes: functions.PREFIXES, leaves: leaves() })),
  });
  beside.join(root, bench);
  const looking = createLooking(root, (question) => tell("element")({ ...question, have: bench.held() }));
  /** @param {string | null} key @returns {boolean} whether it is a call, or about one */
  function look(key) {
    const items = picture?.items ?? {};
    const call = callOf(items, key);
    if (call !== null) looking.open(call, items[call]?.title ?? "");
    return call !== null;
  }
  root.addEventListener("dblclick", ({ target }) => {
    const box = target instanceof Element ? target.closest(".graph .item:not([data-opens])") : null;
    if (box) look(box.getAttribute("data-key"));
  });
  const read = createReader();
  const direct = createDirect({ take: show, pass: tell("edit") });
  /** @type {import("./contract.js").Picture | null} */
  let picture = null;
  /** @param {Packed} packed */
  function show(packed) {
    const frame = { ...packed, ...read(packed) };
    picture = frame.picture;
    bench.update(frame);
    looking.show(frame.element);
    if (picture) looking.restore(picture.items);
    beside.show(frame.variants, frame.beside ?? null);
  }
  const unlisten = listenToInsert(({ name, signature }) => bench.insert(name, signature));
  const unsave = listenToSave((format) => root.isConnected && bench.save(format));
  const unfollow = followScheme(bench.retheme);
  const welcome = createWelcome("expressions");
  Object.assign(root, { workbench: bench });
  return {
    update(frame) {
      if (frame.editable) loadFunctions();
      if (frame.editable) welcome.show();
      if (direct.accept(frame)) show(frame);
    },
    stop() {
      unlisten();
      unsave();
      unfollow();
      welcome.stop();
      looking.stop();
      bench.stop();
      beside.stop();
    },
  };
});
