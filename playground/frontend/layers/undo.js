// @ts-check
// One undo for all that is edited here. The browser has one of its own for every text field, which knows nothing of the
// texts that we put there and mixes them up: it never gets to act.

/** @typedef {"undo" | "redo"} Direction */

/**
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} event
 * @returns {Direction | null}
 */
export function directionOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (altKey || !(ctrlKey || metaKey)) return null;
  if (key.toLowerCase() === "z") return shiftKey ? "redo" : "undo";
  return key.toLowerCase() === "y" ? "redo" : null;
}

/**
 * Takes undo and redo by keys, menus and gestures: of the fields, and of the part of the page around them.
 * @param {HTMLElement} root
 * @param {string} around selector of that part
 * @param {(direction: Direction) => void} travel
 * @returns {() => void} ends it
 */
export function listenForUndo(root, around, travel) {
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const direction = directionOf(event);
    if (direction === null || event.defaultPrevented) return;
    event.preventDefault();
    travel(direction);
  }
  /** @param {KeyboardEvent} event */
  function onPageKey(event) {
    const target = event.target;
    const isNobodys = target === document.body || target === document.documentElement;
    if (root.isConnected && (isNobodys || (target instanceof Element && target.closest(around)))) onKey(event);
  }
  root.addEventListener("keydown", onKey);
  root.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return;
    event.preventDefault();
    travel(event.inputType === "historyUndo" ? "undo" : "redo");
  });
  document.addEventListener("keydown", onPageKey);
  return () => document.removeEventListener("keydown", onPageKey);
}
