// @ts-check
// The export menu of a page asks the stepper for the picture as it stands there: the server has it after the last step only.

const SAVE = "playground-save";

/** @param {"svg" | "png"} format */
export const askToSave = (format) => void document.dispatchEvent(new CustomEvent(SAVE, { detail: format }));

/**
 * @param {(format: "svg" | "png") => void} save
 * @returns {() => void} ends it
 */
export function listenToSave(save) {
  const listener = (/** @type {Event} */ event) => save(/** @type {CustomEvent<"svg" | "png">} */ (event).detail);
  document.addEventListener(SAVE, listener);
  return () => document.removeEventListener(SAVE, listener);
}
