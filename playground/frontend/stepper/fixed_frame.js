// @ts-check
// A picture as it travels, and the frame of one that nobody edits.

/** @typedef {import("./contract.js").Frame} Frame */

const FIXED = { stale: false, sequence: 0, query: "", document: null, leaves: [], error: null, editable: false, theme: null };

/**
 * @param {import("./contract.js").PictureText} text
 * @returns {import("./contract.js").Picture}
 */
export function pictureOf({ key, scene, rest }) {
  /** @type {Omit<import("./contract.js").Picture, "key" | "scene">} */
  const told = JSON.parse(rest);
  return { ...told, key, scene: scene && JSON.parse(scene) };
}

/**
 * @param {import("./contract.js").Picture | null} picture
 * @param {number | null} step
 * @returns {Frame}
 */
export const fixedFrame = (picture, step) => ({ ...FIXED, picture, step });
