// @ts-check
// The modules that the reader unfolded (+path) and folded (-path), newest last; +* and -* stand for all of them.

/** @typedef {import("../contract.js").Opened} Opened */

const SIDEWAYS = ">"; // the mark of a picture from left to right

/**
 * @param {readonly string[]} marks
 * @param {string} mark
 * @returns {string[]} the marks after one more
 */
export function marksAfter(marks, mark) {
  const way = marks.filter((other) => other === SIDEWAYS);
  if (mark.slice(1) === "*") return [...way, mark];
  return [...marks.filter((other) => other.slice(1) !== mark.slice(1)), mark];
}

/**
 * The mark that opens a module, or closes the one around it; "" where there is none.
 * @param {Element} at
 * @param {boolean} opens
 */
export function markAt(at, opens) {
  const path = at.getAttribute(opens ? "data-opens" : "data-within");
  return path ? (opens ? "+" : "-") + path : (at.getAttribute("data-toggle") ?? "");
}

/** @param {(opened: Opened) => void} send */
export function createUnfolding(send) {
  /** @type {string[]} */
  let marks = [];
  let sequence = 0;
  /** @param {string[]} next */
  const ask = (next) => {
    marks = next;
    sequence += 1;
    send({ marks, sequence });
  };
  return {
    /**
     * Takes what the server drew, unless the reader has gone on since.
     * @param {Opened | undefined} opened
     */
    accept(opened) {
      if (opened && opened.sequence >= sequence) ({ marks, sequence } = opened);
    },
    /** @param {string} mark */
    change: (mark) => ask(marksAfter(marks, mark)),
    isSideways: () => marks.includes(SIDEWAYS),
    /** From left to right, or from top to bottom again. */
    turn: () => ask(marks.includes(SIDEWAYS) ? marks.filter((mark) => mark !== SIDEWAYS) : [SIDEWAYS, ...marks]),
  };
}
