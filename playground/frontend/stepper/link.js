// @ts-check
// The link to what the page shows: in the address bar, and to copy.

const KEPT = ["embed", "embed_options", "lens"];

/**
 * The search part of the link: the document's query, the step, and how the page is embedded.
 * @param {string} current the address bar's search part
 * @param {string} query the canonical query without `step`
 * @param {number} k
 */
export function linkSearch(current, query, k) {
  const parts = query ? [query.replace(/^\?/, "")] : [];
  parts.push(`step=${k}`);
  const old = new URLSearchParams(current);
  const kept = new URLSearchParams();
  for (const name of KEPT) for (const value of old.getAll(name)) kept.append(name, value);
  if (kept.toString()) parts.push(kept.toString());
  return `?${parts.join("&")}`;
}

const UNCHANGED = 350; // ms without a change: browsers refuse faster writers, and an answer comes before its address
const ASK_EVERY = 1500; // ms: what is sent while Streamlit puts a page together may be lost
const MOST_ASKED = 6; // times, for the document that Back or Forward led to

/**
 * Keeps the address bar up to date. A document that was chosen instead of another has an entry of its own in the browser's
 * history, to which Back and Forward lead.
 * @param {(search: string) => void} reopen what to do when they led to another document of this page
 * @param {HTMLElement} root
 */
export function createLink(reopen, root) {
  const path = location.pathname; // of the page that this stands on; it may be left before the address is written
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let waiting = null; // for the document that Back or Forward led to
  let search = "";
  let shown = "";
  let wanted = ""; // the address that is waited for
  const isHere = () => root.getRootNode() instanceof ShadowRoot; // not kept for a moment, off its page
  const address = () => path + search + location.hash;
  const write = () => {
    forget();
    if (search !== location.search && location.pathname === path) history.replaceState(history.state, "", address());
  };
  const forget = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const listener = (/** @type {PopStateEvent} */ event) => {
    if (search === "" || location.pathname !== path || !isHere()) return;
    event.stopImmediatePropagation(); // Streamlit would run the page, which stays, and then again for our message
    if (waiting === null && location.search === search) return;
    forget();
    if (waiting !== null) clearTimeout(waiting);
    wanted = location.search;
    ask(MOST_ASKED);
  };
  /** @param {number} times */
  const ask = (times) => {
    waiting = times === 0 ? null : setTimeout(() => ask(times - 1), ASK_EVERY);
    if (times > 0) reopen(wanted);
  };
  const leave = () => void (timer !== null && write());
  addEventListener("popstate", listener, true);
  addEventListener("pagehide", leave);
  return {
    /**
     * @param {string} query
     * @param {number} k
     * @param {boolean} [isOpened] whether the server has just opened this document: from a link, an example, the history
     */
    show(query, k, isOpened = false) {
      if (query === "") return; // another part of the page keeps the address
      if (waiting !== null && !isOpened && !wanted.startsWith(`?${query}&step=`)) return; // still what was left
      const isChosen = isOpened && waiting === null && shown !== "" && shown !== query && location.pathname === path;
      if (waiting !== null) clearTimeout(waiting);
      waiting = null;
      if (isChosen) write(); // what is left stays as it was
      shown = query;
      search = linkSearch(location.search, query, k);
      if (isChosen) return history.pushState(history.state, "", address());
      forget();
      timer = setTimeout(write, UNCHANGED);
    },
    address: () => location.origin + location.pathname + (search || location.search) + location.hash,
    stop() {
      forget();
      if (waiting !== null) clearTimeout(waiting);
      removeEventListener("popstate", listener, true);
      removeEventListener("pagehide", leave);
    },
  };
}
