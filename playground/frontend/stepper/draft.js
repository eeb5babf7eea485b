// @ts-check
// The browser's own copy of the document: what the user has typed and set, whether or not the server has answered yet.
import { createHistory } from "../shared/history.js";

/** @typedef {import("./contract.js").Frame} Frame */
/** @typedef {import("./contract.js").Edit} Edit */
/** @typedef {import("./contract.js").Document} Document */
/** @typedef {import("./contract.js").LeafSetting} LeafSetting */
/** @typedef {{text: string, leaves: Record<string, LeafSetting>}} Content */

const GATHER_MS = 30;

/** @type {Document} */
const NOTHING = { text: "", leaves: {}, graph: "both", mode: "reverse", tangent: null, second: null, passes: 1, zero_grad: false, rng_seed: 0 };

/**
 * @param {{send: (edit: Edit) => void, have: () => string | null}} server
 */
export function createDraft({ send, have }) {
  let draft = NOTHING;
  let sequence = 0;
  let started = false;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let sent = -Infinity;
  /** @type {import("../shared/history.js").History<Content>} */
  const history = createHistory({ text: "", leaves: {} });

  const content = () => ({ text: draft.text, leaves: draft.leaves });
  const flush = () => {
    timer = null;
    sent = performance.now();
    const { text, leaves, graph, mode, tangent, second, passes, zero_grad } = draft;
    send({ sequence, text, leaves, graph, mode, tangent, second, passes, zero_grad, have: have() });
  };
  const schedule = () => {
    sequence += 1;
    const wait = GATHER_MS - (performance.now() - sent);
    if (timer !== null) return;
    if (wait <= 0) flush();
    else timer = setTimeout(flush, wait);
  };
  return {
    current: () => draft,
    sequence: () => sequence,
    history,
    /**
     * Takes what the server says, unless the user has gone on since.
     * @param {Frame} frame
     * @returns {boolean} whether the frame answers the newest edit
     */
    accept(frame) {
      const isNewest = !started || frame.sequence >= sequence;
      const rows = Object.fromEntries(
        frame.leaves.map(({ name, value, dtype, requires_grad, slider_range }) => [name, { value, dtype, requires_grad, slider_range }]),
      );
      if (!isNewest) {
        draft = { ...draft, leaves: { ...rows, ...draft.leaves } };
        return false;
      }
      const before = content();
      const given = frame.document ?? { ...NOTHING, text: frame.picture?.text ?? "", graph: frame.picture?.graph ?? "both" };
      draft = { ...given, leaves: { ...draft.leaves, ...given.leaves, ...rows } };
      if (!started) history.reset(content());
      else if (before.text !== draft.text) history.push(content(), "server", performance.now());
      else history.amend(content());
      [started, sequence] = [true, frame.sequence];
      return true;
    },
    /**
     * @param {Partial<Document>} change
     * @param {string | null} kind what undo takes together; null: not for undo
     */
    change(change, kind) {
      draft = { ...draft, ...change };
      if (kind !== null) history.push(content(), kind, performance.now());
      schedule();
    },
    /** @param {Content | null} restored */
    restore(restored) {
      if (!restored) return;
      draft = { ...draft, ...restored };
      schedule();
    },
    /** Asks for the picture again, whole. */
    resend: schedule,
    stop() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
