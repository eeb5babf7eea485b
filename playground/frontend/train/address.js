// @ts-check
// The address bar of the train page. What was chosen in the place of something else has an entry of its own in the
// browser's history, to which Back and Forward lead, as on the other pages (stepper/link.js).

const KEPT_PARTS = ["embed", "embed_options"];
const ASK_AGAIN = 1500; // ms: what is sent while Streamlit puts a page together may be lost
const MOST_TIMES = 6;

/** The address that Back or Forward led to, until the server shows what stands there. */
let awaited = "";

/**
 * The search part of the link: the server's query, and how the page is embedded.
 * @param {string} current the address bar's search part
 * @param {string} query
 */
export function trainSearch(current, query) {
  const old = new URLSearchParams(current);
  const kept = new URLSearchParams();
  for (const name of KEPT_PARTS) for (const value of old.getAll(name)) kept.append(name, value);
  return `?${[query, kept.toString()].filter(Boolean).join("&")}`;
}

/** @param {string} query */
export function showQuery(query) {
  const search = trainSearch(location.search, query);
  if (awaited === "" && search !== location.search) history.replaceState(history.state, "", location.pathname + search + location.hash);
}

/**
 * @param {(search: string) => void} reopen what to do when Back or Forward led to something else of this page
 * @param {HTMLElement} root
 */
export function createAddress(reopen, root) {
  const path = location.pathname;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {number | null} */
  let shown = null;
  /** @param {number} times */
  const ask = (times) => {
    if (times === 0)
      awaited = ""; // nobody answers: what is shown has the address again
    else reopen(awaited);
    if (times > 0) timer = setTimeout(() => ask(times - 1), ASK_AGAIN);
  };
  const listener = (/** @type {PopStateEvent} */ event) => {
    if (shown === null || location.pathname !== path || !root.isConnected) return;
    event.stopImmediatePropagation(); // Streamlit would run the page, which stays, and then again for our message
    clearTimeout(timer);
    awaited = location.search;
    ask(MOST_TIMES);
  };
  addEventListener("popstate", listener, true);
  return {
    /**
     * @param {string} query
     * @param {number} chosen how often the server has shown something else in the place of what stood there
     */
    show(query, chosen) {
      const isOther = shown !== null && chosen !== shown;
      if (isOther && awaited === "" && location.pathname === path)
        history.pushState(history.state, "", path + trainSearch(location.search, query) + location.hash);
      if (isOther) {
        clearTimeout(timer);
        awaited = "";
      }
      shown = chosen;
      showQuery(query);
    },
    stop() {
      clearTimeout(timer);
      awaited = "";
      removeEventListener("popstate", listener, true);
    },
  };
}
