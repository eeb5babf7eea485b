// @ts-check
// What the picture of a long trace left out: asked for when the reader comes near it, put in its place when it comes.

/** @typedef {import("./contract.js").Picture} Picture */
/** @typedef {import("./contract.js").ToldAnswer} ToldAnswer */

const [ASKED_BEHIND, ASKED_AHEAD, SOON] = [100, 400, 60]; // steps that are asked for at once, and how near to a gap one asks

/**
 * What a picture lacks at step k: a stretch of steps whose words are missing, and the selected item.
 * @param {Pick<Picture, "steps" | "items">} picture
 * @param {number} k
 * @param {string | null} selected
 * @returns {{start: number, stop: number, keys: string[]} | null} null: nothing
 */
export function lacking({ steps, items }, k, selected) {
  const near = [k, k + SOON, k - SOON].find((at) => at > 0 && at <= steps.length && steps[at - 1].words === null);
  const keys = selected !== null && !(selected in items) ? [selected] : [];
  if (near === undefined) return keys.length > 0 ? { start: 0, stop: 0, keys } : null;
  const start = Math.max(0, near - 1 - ASKED_BEHIND);
  return { start, stop: Math.min(steps.length, start + ASKED_BEHIND + ASKED_AHEAD), keys };
}

/** @param {(question: object) => void} ask */
export function createTold(ask) {
  let number = 0;
  /** @type {Picture | null} */
  let waits = null; // the picture that a question is about, until it is answered
  return {
    /**
     * Asks for what is missing, one question at a time.
     * @param {Picture} picture
     * @param {number} k
     * @param {string | null} selected
     * @param {string | null} have
     */
    want(picture, k, selected, have) {
      if (waits === picture) return;
      const question = lacking(picture, k, selected);
      if (!question) return;
      waits = picture;
      number += 1;
      ask({ ...question, number, have });
    },
    /**
     * @param {Picture} picture
     * @param {ToldAnswer | null | undefined} answer
     * @returns {boolean} whether there is something new to show
     */
    accept(picture, answer) {
      if (!answer || answer.number !== number || waits === null) return false;
      const isOfThis = waits === picture;
      if (isOfThis) {
        answer.words.forEach((words, index) => (picture.steps[answer.start + index].words = words));
        Object.assign(picture.items, answer.items);
      }
      waits = null;
      return isOfThis;
    },
  };
}
