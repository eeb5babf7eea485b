// @ts-check
// What corresponds in two pictures side by side. Pure: no document. Side 0 is the picture before, side 1 that of now.

/** @typedef {import("../contract.js").Comparison} Comparison */
/** @typedef {0 | 1} Side */

/** @param {Side} side @returns {Side} */
export const acrossFrom = (side) => (side === 0 ? 1 : 0);

/**
 * The position on the other side: of the last step up to k that both have; the same k while nothing is compared.
 * @param {Comparison | null} comparison
 * @param {Side} side of k
 * @param {number} k
 */
export function partnerOf(comparison, side, k) {
  const pair = comparison?.steps.findLast((both) => both[side] <= k);
  return pair ? pair[acrossFrom(side)] : k;
}

/**
 * The key of what corresponds on the other side; null where there is nothing.
 * @param {Comparison | null} comparison
 * @param {Side} side of the key
 * @param {string | null} key
 */
export function twinOf(comparison, side, key) {
  return comparison?.keys.find((both) => both[side] === key)?.[acrossFrom(side)] ?? null;
}
