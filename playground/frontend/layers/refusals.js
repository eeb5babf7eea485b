// @ts-check
// Refused settings by field: the typed text stays there until it is typed anew, with what is allowed beside it.
import { el } from "../shared/dom.js";

/**
 * @param {string} field
 * @param {import("./contract.js").Path | null} path of a layer; null for a setting
 */
export const fieldId = (field, path) => (path === null ? `set-${field}` : `arg-${path.join(".")}-${field}`);

/** @returns {import("./contract.js").Refusals} */
export function createRefusals() {
  /** @type {Map<string, import("./contract.js").Refusal>} */
  const refused = new Map();
  /** @type {Map<string, string>} */
  const waiting = new Map(); // for their answer
  let kinds = "";
  return {
    tried(id, typed) {
      waiting.set(id, typed);
      refused.delete(id);
    },
    answered(frame) {
      const now = frame.rows.map((row) => `${row.path.join(".")}${row.kind}`).join();
      if (now !== kinds) for (const id of refused.keys()) if (id.startsWith("arg-")) refused.delete(id); // its layer moved
      kinds = now;
      const refusal = frame.refused;
      const id = refusal && fieldId(refusal.field, refusal.path);
      const typed = id === null ? undefined : waiting.get(id);
      if (refusal && id !== null && typed !== undefined) refused.set(id, { typed, message: refusal.message });
      waiting.clear();
    },
    of: (id) => refused.get(id) ?? null,
    typedIn: (id) => waiting.get(id) ?? refused.get(id)?.typed ?? null,
    drop() {
      const were = refused.size > 0;
      refused.clear();
      return were;
    },
  };
}

/**
 * Marks a field as refused, or as good again; gives the words to stand beside it.
 * @param {HTMLElement} input
 * @param {string} id
 * @param {import("./contract.js").Refusal | null} refusal
 * @returns {HTMLElement | null}
 */
export function refusalMark(input, id, refusal) {
  const words = `${id}-refused`;
  if (!refusal) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    return null;
  }
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", words);
  return el("span", { id: words, class: "refused", "data-testid": words }, refusal.message);
}
