// @ts-check
// Plays a trace: chooses the next step k after a delay, until the last one.

export const SPEEDS = [0.5, 1, 2, 4, 8];
const STEP_MS = 1200;

/**
 * @param {{position: () => number, last: () => number, goto: (k: number) => void, onChange: (playing: boolean) => void}} stepper
 */
export function createPlayer({ position, last, goto, onChange }) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let speed = 1;
  const stop = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    onChange(false);
  };
  const tick = () => {
    goto(position() + 1);
    if (position() >= last()) stop();
    else timer = setTimeout(tick, STEP_MS / speed);
  };
  return {
    stop,
    playing: () => timer !== null,
    toggle() {
      if (timer !== null) return stop();
      if (last() === 0) return;
      if (position() >= last()) goto(0);
      timer = setTimeout(tick, Math.min(350, STEP_MS / speed));
      onChange(true);
    },
    /** @param {number} next */
    setSpeed(next) {
      speed = next;
      if (timer === null) return;
      clearTimeout(timer);
      timer = setTimeout(tick, STEP_MS / speed);
    },
  };
}
