// @ts-check
// The field that is being typed in: its text is sent once the typing pauses, and outlives a list that is drawn anew.

export const PAUSE = 250; // ms without a key

/** @typedef {{id: string, text: string, send: (text: string) => void, timer: ReturnType<typeof setTimeout>}} Unsent */

export function createTyping() {
  /** @type {Unsent | null} */
  let unsent = null;
  /** @type {{id: string, text: string} | null} */
  let last = null;
  function flush() {
    if (!unsent) return;
    clearTimeout(unsent.timer);
    const { send, text } = unsent;
    unsent = null;
    send(text);
  }
  return {
    /**
     * Makes a field live.
     * @param {HTMLInputElement} input
     * @param {string} id by which the next list knows it
     * @param {(text: string) => void} send
     */
    follow(input, id, send) {
      input.addEventListener("input", () => {
        if (unsent?.id !== id) flush();
        clearTimeout(unsent?.timer);
        last = { id, text: input.value };
        unsent = { id, text: input.value, send, timer: setTimeout(flush, PAUSE) };
      });
      input.addEventListener("change", flush);
    },
    /** What stands in a field and was not sent; null where all was. @param {string} id */
    textOf: (id) => (unsent?.id === id ? unsent.text : null),
    /** What was last typed into a field, sent or not. @param {string} id */
    lastIn: (id) => (last?.id === id ? last.text : null),
    /** Forgets it. @returns {boolean} whether there was any */
    drop() {
      clearTimeout(unsent?.timer);
      const was = unsent !== null;
      [unsent, last] = [null, null];
      return was;
    },
  };
}
