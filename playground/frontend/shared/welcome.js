// @ts-check
// What this is and how to begin, for a first visit: one line in the bar of the pages, on a phone at the window's lower
// edge. It lies over the page, so that nothing moves when it goes, and goes for good once somebody stepped or closed it.
import { el, iconButton } from "./dom.js";

/** @typedef {keyof typeof WELCOMES} Welcomed */

export const WELCOMES = {
  expressions: ["What you type is run in PyTorch, and differentiated by it.", "Press → or the play button to watch f being computed and differentiated."],
  layers: [
    "The net you list here is run in PyTorch, and differentiated by it.",
    "Press → or the play button to watch the loss being computed and differentiated.",
  ],
  train: ["A net learns from examples, on this page's server.", "Press Train, and watch its curves grow."],
};
const BEGUN = "playground-begun";
const WELCOMED_AS = "playground-welcomed";

/** Those that went while the page is open, for a browser that keeps nothing. @type {Set<string>} */
const gone = new Set();

/** Tells the page that somebody has begun: has stepped, or trains. */
export const begin = () => void document.dispatchEvent(new Event(BEGUN));

/** @returns {string[]} the pages that somebody was welcomed on */
function welcomed() {
  try {
    const kept = JSON.parse(localStorage.getItem(WELCOMED_AS) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return []; // a browser that keeps nothing for this page, or something else under this name
  }
}

/** @param {Welcomed} page */
function keepWelcomed(page) {
  gone.add(page);
  try {
    localStorage.setItem(WELCOMED_AS, JSON.stringify([...new Set([...welcomed(), page])]));
  } catch {
    // it lasts until the page is loaded again
  }
}

/**
 * Whether an address is one that somebody was given for what it shows: inside another page, or at a step.
 * @param {string} search
 */
export function isGiven(search) {
  const query = new URLSearchParams(search);
  return query.has("embed") || Number(query.get("step")) > 0;
}

/**
 * @param {Welcomed} page
 * @returns {{show: () => void, stop: () => void}} `show` it where it is due; once it went it does not come back
 */
export function createWelcome(page) {
  const [sentence, hint] = WELCOMES[page];
  const isDue = !isGiven(location.search) && !welcomed().includes(page);
  const close = iconButton("remove", "Close", () => end(), { "data-testid": "welcome-close" });
  const words = el("p", {}, el("b", {}, "Back-propagation playground."), ` ${sentence} `, el("span", {}, hint));
  const element = el("section", { class: "welcome", "aria-label": "Welcome", "data-testid": "welcome", "data-page": page }, words, close);
  function stop() {
    document.removeEventListener(BEGUN, end);
    element.remove();
  }
  function end() {
    keepWelcomed(page);
    stop();
  }
  return {
    show() {
      for (const other of document.querySelectorAll(`.welcome:not([data-page="${page}"])`)) other.remove(); // of a page that was left
      if (!isDue || gone.has(page) || element.isConnected) return;
      document.addEventListener(BEGUN, end);
      document.querySelector(".stApp")?.prepend(element);
    },
    stop,
  };
}
