// @ts-check
// Which modules the reader opened (+path) and closed (-path), newest last; +* and -* stand for all of them.

/** @typedef {import("./contract.js").Opened} Opened */

/**
 * @param {readonly string[]} marks
 * @param {string} mark
 * @returns {string[]} the marks after one more
 */
export function marksAfter(marks, mark) {
  if (mark.slice(1) === "*") return [mark];
  return [...marks.filter((other) => other.slice(1) !== mark.slice(1)), mark];
}

/** @param {(opened: Opened) => void} send */
export function createOpening(send) {
  /** @type {string[]} */
  let marks = [];
  let sequence = 0;
  return {
    /**
     * Takes what the server drew, unless the reader has gone on since.
     * @param {Opened | undefined} opened
     */
    accept(opened) {
      if (opened && opened.sequence >= sequence) ({ marks, sequence } = opened);
    },
    /** @param {string} mark */
    change(mark) {
      marks = marksAfter(marks, mark);
      sequence += 1;
      send({ marks, sequence });
    },
  };
}
