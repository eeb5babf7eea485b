// @ts-check
// The link to what the page shows: in the address bar, and to copy.

const KEPT = ["embed", "embed_options"];

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

/** Keeps the address bar up to date, at most once in 350 ms: browsers refuse faster writers. */
export function createLink() {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let written = 0;
  let search = "";
  const write = () => {
    timer = null;
    written = performance.now();
    if (search !== location.search) history.replaceState(history.state, "", location.pathname + search + location.hash);
  };
  return {
    /**
     * @param {string} query
     * @param {number} k
     */
    show(query, k) {
      if (query === "") return; // another part of the page keeps the address
      search = linkSearch(location.search, query, k);
      if (timer === null) timer = setTimeout(write, Math.max(0, 350 - (performance.now() - written)));
    },
    address: () => location.origin + location.pathname + (search || location.search) + location.hash,
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
