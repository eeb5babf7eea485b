// @ts-check
// Numbers of the list of layers: as they are written, and as a person types them.

export const NONE = "–";

/** @param {number | undefined} count */
export const spelled = (count) => (count ? count.toLocaleString("en") : NONE);

/** @param {number | null | undefined} bytes */
export const weight = (bytes) =>
  !bytes ? NONE : bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(0)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;

/** @param {any} content */
export const written = (content) => (content === null ? "" : Array.isArray(content) ? content.join(", ") : String(content));

/**
 * What a person typed for a number, several numbers or a shape; the text itself where it is none: the server says what is allowed.
 * @param {string} text
 * @param {string} kind
 * @returns {import("./contract.js").Typed}
 */
export function readContent(text, kind) {
  const several = kind === "size" || kind === "sides" || kind === "shape";
  const parts = (several ? text.replace(/[()[\]]/g, "").split(/[,x×\s]+/) : [text.trim()]).filter(Boolean).map(Number);
  if (parts.length === 0) return kind === "pin" ? null : text;
  if (parts.some((part) => !Number.isFinite(part))) return text;
  return kind === "shape" || parts.length > 1 ? parts : parts[0];
}

/**
 * Whether what was typed says what is written, in other words: `0.` for 0, on the way to 0.5. It is left as it was typed.
 * @param {string} typed
 * @param {string} text
 * @param {string} kind
 */
export function saysTheSame(typed, text, kind) {
  return typed === text || (typed !== "" && JSON.stringify(readContent(typed, kind)) === JSON.stringify(readContent(text, kind)));
}
