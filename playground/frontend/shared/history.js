// @ts-check
// Undo and redo over whole documents. Quick edits of one kind melt into one entry, as in a text editor.

const BURST_MS = 700;

/**
 * @template Content
 * @typedef {{
 *   push: (content: Content, kind: string, now: number) => void, amend: (content: Content) => void, reset: (content: Content) => void,
 *   undo: () => Content | null, redo: () => Content | null, canUndo: () => boolean, canRedo: () => boolean,
 * }} History
 */

/**
 * @template Content
 * @param {Content} initial
 * @returns {History<Content>}
 */
export function createHistory(initial) {
  /** @type {Content[]} */
  let past = [];
  /** @type {Content[]} */
  let future = [];
  let present = initial;
  let lastKind = "";
  let lastTime = -Infinity;
  return {
    /**
     * @param {Content} content
     * @param {string} kind edits of the same kind in quick succession become one
     * @param {number} now
     */
    push(content, kind, now) {
      if (kind !== lastKind || now - lastTime > BURST_MS) past = [...past.slice(-199), present];
      present = content;
      future = [];
      [lastKind, lastTime] = [kind, now];
    },
    /**
     * The present, more fully known: nothing to undo.
     * @param {Content} content
     */
    amend(content) {
      present = content;
    },
    /** @param {Content} content */
    reset(content) {
      [past, future, present, lastKind] = [[], [], content, ""];
    },
    /** @returns {Content | null} */
    undo() {
      const before = past.pop();
      if (before === undefined) return null;
      future.push(present);
      [present, lastKind] = [before, ""];
      return present;
    },
    /** @returns {Content | null} */
    redo() {
      const after = future.pop();
      if (after === undefined) return null;
      past.push(present);
      [present, lastKind] = [after, ""];
      return present;
    },
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
  };
}
