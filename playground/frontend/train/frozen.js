// @ts-check
// The step of a run that was opened stands below everything else: it is brought into view once it is drawn.

const PLACE = ".st-key-frozen";
const LEAST = 300; // px that it is high once the graph is there
const LOOK_EVERY = 150; // ms

export function createFrozen() {
  /** @type {number | null} */
  let shown = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  // However long a busy machine takes: it is closed, or another one opened, before it is given up.
  function bring() {
    const place = document.querySelector(PLACE);
    if (place && place.getBoundingClientRect().height > LEAST) place.scrollIntoView({ block: "start" });
    else timer = setTimeout(bring, LOOK_EVERY);
  }

  return {
    /** @param {number | null} number of the opening; null: no step is open */
    update(number) {
      if (number === shown) return;
      shown = number;
      clearTimeout(timer);
      if (number !== null) bring();
    },
    stop: () => clearTimeout(timer),
  };
}
