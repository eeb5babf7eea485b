// @ts-check
// The browser's own copy of the document: what was sent and is not answered yet, and what can be undone.
import { createHistory } from "../shared/history.js";

/** @typedef {import("./contract.js").StackDocument} StackDocument */
/** @typedef {import("./undo.js").Direction} Direction */
/**
 * One change. `fields` lie over the document; `edit` is done by the server to its list. Changes of one `kind` in quick
 * succession are undone together; "" is a kind of its own. `before` is called as it is sent.
 * @typedef {{fields: Partial<StackDocument>, edit?: object | null, kind?: string, before?: () => void}} Change
 */

/** @param {(sent: {sequence: number, document: StackDocument, edit: object | null}) => void} send */
export function createStackDraft(send) {
  /** @type {StackDocument | null} */
  let draft = null;
  let sequence = 0;
  /** @type {Change[]} */
  let queue = [];
  /** @type {object | null} */
  let underWay = null; // an edit of the list: what it makes of the text, only its answer says
  let isUnsaid = false; // something was sent that the history does not know
  /** @type {ReturnType<typeof createHistory<StackDocument>> | null} */
  let history = null;
  let present = ""; // the document that the history stands at, as JSON
  let kind = "";
  let entries = 0;

  /** @param {StackDocument} document */
  function remember(document) {
    const now = JSON.stringify(document);
    isUnsaid = false;
    if (now === present) return;
    if (history === null) history = createHistory(document);
    else history.push(document, kind || String((entries += 1)), performance.now());
    [present, kind] = [now, ""];
  }
  /** @param {Change} change */
  function post({ fields, edit = null, kind: of = "", before }) {
    if (!draft) return;
    before?.();
    draft = /** @type {StackDocument} */ ({ ...draft, ...fields });
    [sequence, underWay, kind] = [sequence + 1, edit, of];
    if (edit === null && "text" in fields) remember(draft);
    else isUnsaid = true;
    send({ sequence, document: draft, edit });
  }

  return {
    /**
     * Sends a change, or keeps it until the edit that is under way is answered. A text is final: it waits for nothing.
     * @param {Change} change
     */
    change(change) {
      const isTwice = underWay !== null && JSON.stringify(underWay) === JSON.stringify(change.edit ?? null); // a double click
      if (underWay === null || "text" in change.fields) {
        queue = [];
        post(change);
      } else if (!isTwice) queue.push(change);
    },
    /**
     * Takes what the server says, unless something was sent since.
     * @param {import("./contract.js").StackFrame} frame
     * @returns {boolean} whether it answers the newest change; what can be undone is what was answered: a refused edit is none
     */
    accept(frame) {
      if (frame.sequence < sequence) return false;
      [sequence, draft, underWay] = [frame.sequence, frame.document, null];
      remember(frame.document);
      return true;
    },
    /** Sends the next of the changes that had to wait. */
    goOn() {
      const next = underWay === null ? queue.shift() : undefined;
      if (next) post(next);
    },
    /**
     * @param {Direction} direction
     * @param {boolean} isHalfTyped whether a field holds what the document does not: that goes first
     * @returns {StackDocument | null} the document that it leads to
     */
    travel(direction, isHalfTyped) {
      if (history === null) return null;
      const isPresent = direction === "undo" && (isHalfTyped || isUnsaid || queue.length > 0);
      const document = isPresent ? /** @type {StackDocument} */ (JSON.parse(present)) : history[direction]();
      if (document === null) return null;
      [queue, underWay, isUnsaid, kind] = [[], null, false, ""];
      [draft, present, sequence] = [document, JSON.stringify(document), sequence + 1];
      send({ sequence, document, edit: null });
      return document;
    },
    canUndo: () => history?.canUndo() ?? false,
    canRedo: () => history?.canRedo() ?? false,
  };
}
