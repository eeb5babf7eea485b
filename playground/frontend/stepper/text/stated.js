// @ts-check
// Leaves whose values stand in the text, as in `x = 3`: a new value is written into the text.
import { unitPositions } from "./text_positions.js";

/** @typedef {import("../contract.js").LeafRow} LeafRow */
/** @typedef {import("../contract.js").LeafSetting} LeafSetting */

const LITERAL = /^\s*(?:[-+]?[\d._]*(?:[eE][-+]?\d*)?|\[[-+\d._eE,[\]\s]*)\s*$/;

/**
 * Whether this is a number, or lists of numbers, as far as it is typed.
 * @param {string} value
 */
export const isLiteral = (value) => LITERAL.test(value);

export function createStated() {
  /** @type {Map<string, {start: number, end: number}>} name -> where the value stands, in UTF-16 units */
  let places = new Map();
  return {
    /**
     * Takes the places from the rows; of a text that cannot be read now, those it had are kept.
     * @param {readonly LeafRow[]} leaves
     * @param {string} text that they were read from
     */
    accept(leaves, text) {
      const toUnits = unitPositions(text);
      const before = places;
      places = new Map();
      for (const { name, stated } of leaves) {
        const place = stated?.length === 2 ? { start: toUnits(stated[0]), end: toUnits(stated[1]) } : before.get(name);
        if (stated && place) places.set(name, place);
      }
    },
    /**
     * The text and the leaves with another value of one of them. Where the text says the value, both change; nothing does
     * where the value no longer stands where it did, because the text was changed since, and where it is no literal.
     * @param {{text: string, leaves: Record<string, LeafSetting>}} draft
     * @param {string} name
     * @param {Partial<LeafSetting>} change
     * @returns {{text: string, leaves: Record<string, LeafSetting>} | null} null where nothing changes
     */
    write({ text, leaves }, name, change) {
      const written = { text, leaves: { ...leaves, [name]: { ...leaves[name], ...change } } };
      const place = places.get(name);
      if (!place || change.value === undefined) return written;
      if (!isLiteral(change.value) || text.slice(place.start, place.end) !== leaves[name]?.value) return null;
      const { start, end } = place;
      const longer = change.value.length - (end - start);
      for (const other of places.values()) {
        if (other !== place && other.start >= end) [other.start, other.end] = [other.start + longer, other.end + longer];
      }
      place.end = end + longer;
      return { ...written, text: text.slice(0, start) + change.value + text.slice(end) };
    },
  };
}
