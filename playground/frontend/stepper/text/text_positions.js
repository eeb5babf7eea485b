// @ts-check
// Positions in the typed text. Python counts code points, the browser UTF-16 units: only this file converts between them.

/** @typedef {import("../contract.js").Span} Span */
/** @typedef {import("../contract.js").Item} Item */
/** @typedef {{start: number, end: number, name: string}} Mark */

/**
 * For each code point position, its position in UTF-16 units; one more entry for the end.
 * @param {string} text
 * @returns {(position: number) => number}
 */
export function unitPositions(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (position) => Math.max(0, Math.min(position, text.length));
  const positions = [0];
  for (const character of text) positions.push(positions[positions.length - 1] + character.length);
  return (position) => positions[Math.max(0, Math.min(position, positions.length - 1))];
}

/**
 * Cuts the text where marks begin and end; each piece knows the marks that cover it.
 * An empty mark takes the character after it, or nothing at the very end.
 * @param {string} text
 * @param {readonly Mark[]} marks in UTF-16 units
 * @returns {{text: string, names: string[]}[]}
 */
export function markedPieces(text, marks) {
  const wide = marks.map((mark) => ({ ...mark, end: Math.max(mark.end, mark.start + 1) }));
  const cuts = new Set([0, text.length]);
  for (const { start, end } of wide) {
    cuts.add(Math.min(start, text.length));
    cuts.add(Math.min(end, text.length));
  }
  const sorted = [...cuts].sort((a, b) => a - b);
  const pieces = [];
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [start, end] = [sorted[i], sorted[i + 1]];
    const names = wide.filter((mark) => mark.start <= start && mark.end >= end).map((mark) => mark.name);
    pieces.push({ text: text.slice(start, end), names: [...new Set(names)] });
  }
  const beyond = wide.filter((mark) => mark.start >= text.length).map((mark) => mark.name);
  if (beyond.length > 0) pieces.push({ text: "", names: [...new Set(beyond)] });
  return pieces;
}

/**
 * The item with the smallest span that holds the caret.
 * @param {Record<string, Item>} items
 * @param {number} caret in UTF-16 units
 * @param {(position: number) => number} toUnits
 * @returns {string | null}
 */
export function itemAtCaret(items, caret, toUnits) {
  let best = null;
  let bestRank = [Infinity, Infinity];
  for (const [key, item] of Object.entries(items)) {
    for (const [start, end] of item.spans) {
      if (toUnits(start) > caret || toUnits(end) < caret) continue;
      const rank = [end - start, key.startsWith("value-") ? 0 : 1];
      if (rank[0] < bestRank[0] || (rank[0] === bestRank[0] && rank[1] < bestRank[1])) [best, bestRank] = [key, rank];
    }
  }
  return best;
}

/**
 * Line and column, both from 1, for a position in the text.
 * @param {string} text
 * @param {number} position in UTF-16 units
 */
export function lineAndColumn(text, position) {
  const before = text.slice(0, position).split("\n");
  return { line: before.length, column: [...before[before.length - 1]].length + 1 };
}

/**
 * Marks of one name in the text, in UTF-16 units.
 * @param {readonly import("../contract.js").Span[]} spans
 * @param {string} name
 * @param {(position: number) => number} toUnits
 */
export const marksOf = (spans, name, toUnits) => spans.map(([start, end]) => ({ start: toUnits(start), end: toUnits(end), name }));
