// @ts-check
// One part of a page asks the text of another to take in a function: they stand in the same document, and nowhere else.

/** @typedef {{name: string, signature: string}} Wanted */

const EVENT = "playground-insert";

/** @param {Wanted} wanted */
export const askToInsert = (wanted) => void document.dispatchEvent(new CustomEvent(EVENT, { detail: wanted }));

/**
 * @param {(wanted: Wanted) => void} insert
 * @returns {() => void} ends it
 */
export function listenToInsert(insert) {
  const listener = (/** @type {Event} */ event) => insert(/** @type {CustomEvent<Wanted>} */ (event).detail);
  document.addEventListener(EVENT, listener);
  return () => document.removeEventListener(EVENT, listener);
}
