// @ts-check
// Debounces a message about what is typed: it appears once the typing has paused, and disappears at once.

const PAUSE_MS = 600;

/**
 * @template Problem
 * @param {(problem: Problem | null) => void} show
 */
export function createDebounce(show) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let typed = -Infinity;
  let visible = false;
  const now = (/** @type {Problem | null} */ problem) => {
    timer = null;
    visible = problem !== null;
    show(problem);
  };
  /** @param {Problem} problem */
  function later(problem) {
    const wait = PAUSE_MS - (performance.now() - typed); // anew when it is over: more may have been typed meanwhile
    if (wait <= 0) now(problem);
    else timer = setTimeout(() => later(problem), wait);
  }
  return {
    /** The reader has just typed something. */
    typed: () => void (typed = performance.now()),
    /** @param {Problem | null} problem */
    set(problem) {
      if (timer !== null) clearTimeout(timer);
      if (problem === null || visible) now(problem);
      else later(problem);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
