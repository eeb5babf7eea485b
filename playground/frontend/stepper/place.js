// @ts-check
// Where the reader stood in a document. Kept while the tab is open: who goes to another page and comes back stands there again.

const PLACES_KEPT_AS = "playground-places";
const MOST_PLACES = 12; // the newest
const LONGEST_QUERY = 4000; // characters of a document's query
const SETTLED = 150; // ms without a move

/** @typedef {{k: number, selected: string | null, tab: string}} Place */

/** @returns {[string, Place][]} oldest first, by the query of their documents */
function keptPlaces() {
  try {
    const places = JSON.parse(sessionStorage.getItem(PLACES_KEPT_AS) ?? "[]");
    return Array.isArray(places) ? places : [];
  } catch {
    return []; // a browser that keeps nothing for this page, or something else under this name
  }
}

/** @param {() => Place} now */
export function createPlaces(now) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {string} query */
  function write(query) {
    const others = keptPlaces().filter(([other]) => other !== query);
    try {
      sessionStorage.setItem(PLACES_KEPT_AS, JSON.stringify([...others, [query, now()]].slice(-MOST_PLACES)));
    } catch {
      // the next visit begins at the first step
    }
  }
  return {
    /** @param {string} query of the document; "": it has no link, and is not come back to */
    keep(query) {
      clearTimeout(timer);
      if (query !== "" && query.length <= LONGEST_QUERY) timer = setTimeout(() => write(query), SETTLED);
    },
    /** @param {string} query @returns {Place | null} */
    of: (query) => keptPlaces().find(([other]) => other === query)?.[1] ?? null,
  };
}
