// @ts-check
// Who started a run: a token that the server made up and this browser keeps; and the address bar of the train page.

const KEY = "playground.owner";
const KEPT_PARTS = ["embed", "embed_options"];

/**
 * The token that this browser keeps; the offered one where it has none yet, or may keep nothing.
 * @param {string} offered
 */
export function ownerToken(offered) {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept && /^[\w-]{20,64}$/.test(kept)) return kept;
    localStorage.setItem(KEY, offered);
  } catch {
    // a browser that keeps nothing: the token lasts as long as the session
  }
  return offered;
}

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
  if (search !== location.search) history.replaceState(history.state, "", location.pathname + search + location.hash);
}
