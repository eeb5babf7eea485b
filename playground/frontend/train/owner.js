// @ts-check
// Who started a run: a token that the server made up and this browser keeps.

const KEY = "playground.owner";

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
