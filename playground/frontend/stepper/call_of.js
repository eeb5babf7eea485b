// @ts-check
// Which call of the trace an item of the picture is about.

/** @typedef {import("./contract.js").Item} Item */

/**
 * The call that an item is, or is about: "op-3".
 * @param {Record<string, Item>} items
 * @param {string | null} key
 * @returns {string | null}
 */
export function callOf(items, key) {
  if (key === null) return null;
  const use = /^use-(\d+)-/.exec(key);
  if (use) return `op-${use[1]}`;
  return [key, ...(items[key]?.related ?? [])].find((name) => name.startsWith("op-")) ?? null;
}
