// @ts-check
// The border between the list of layers and the graph: it is dragged, or moved by keys, and its place is kept in this browser.
import { el, setAttribute } from "../shared/dom.js";

const KEPT_AS = "playground-layers-split";
export const BOTH_SIDES = ".st-key-layers-split"; // the part of the page that holds them
const [LEAST, USUAL, MOST, KEY_STEP] = [28, 50, 70, 2]; // per cent of its width

/** @returns {number} per cent */
function kept() {
  try {
    const share = Number(localStorage.getItem(KEPT_AS) ?? USUAL);
    return share >= LEAST && share <= MOST ? share : USUAL;
  } catch {
    return USUAL; // a browser that keeps nothing for this page
  }
}

/** @param {number} share */
function keep(share) {
  try {
    localStorage.setItem(KEPT_AS, String(share));
  } catch {
    // it lasts until the page is left
  }
}

/**
 * @param {HTMLElement} root
 * @param {string} pane id of the side whose width it says
 */
export function createSplit(root, pane) {
  let share = kept();
  let before = USUAL; // where it stood when its side was made small
  const element = el("div", {
    class: "split",
    role: "separator",
    tabindex: "0",
    "aria-orientation": "vertical",
    "aria-label": "Width of the list of layers",
    "aria-controls": pane,
    "aria-valuemin": LEAST,
    "aria-valuemax": MOST,
    title: "Drag it, or move it by the arrow keys; Enter makes the list small and large again",
    "data-testid": "split",
  });

  function around() {
    const within = root.getRootNode();
    return within instanceof ShadowRoot ? /** @type {HTMLElement | null} */ (within.host.closest(BOTH_SIDES)) : null;
  }
  function show() {
    around()?.style.setProperty("--split", `${share}%`);
    setAttribute(element, "aria-valuenow", String(Math.round(share)));
  }
  /** @param {number} wanted per cent */
  function move(wanted) {
    share = Math.max(LEAST, Math.min(MOST, wanted));
    keep(share);
    show();
  }
  /** @param {string} key */
  function placeFor(key) {
    if (key === "ArrowLeft") return share - KEY_STEP;
    if (key === "ArrowRight") return share + KEY_STEP;
    if (key === "Home") return LEAST;
    if (key === "End") return MOST;
    return null;
  }

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    let wanted = placeFor(event.key);
    if (event.key === "Enter") {
      wanted = share > LEAST ? LEAST : before;
      if (share > LEAST) before = share;
    }
    if (wanted === null) return;
    event.preventDefault();
    move(wanted);
  });
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // nothing is selected on the way
    element.focus();
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const box = around()?.getBoundingClientRect();
    if (box && box.width > 0 && element.hasPointerCapture(event.pointerId)) move((100 * (event.clientX - box.left)) / box.width);
  });
  return { element, show };
}
