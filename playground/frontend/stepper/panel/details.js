// @ts-check
// What is known about the selected item: its facts, its values, its adjoint.
import { el, replace } from "../../shared/dom.js";
import { termOf } from "../../shared/terms.js";
import { entryAt } from "../graph/timeline.js";
import { callOf } from "../call_of.js";
import { valueView } from "./values.js";

/** @typedef {import("../contract.js").Picture} Picture */
/** @typedef {import("../contract.js").Timeline} Timeline */

/**
 * Whether a slot has reached its last text at step k; true for what has no slot.
 * @param {Timeline} timeline
 * @param {string} slot
 * @param {number} k
 */
function isSettled(timeline, slot, k) {
  const entries = timeline.slots.get(slot);
  return !entries || entries.length === 0 || entries[entries.length - 1][0] <= k;
}

/**
 * @param {HTMLElement} element
 * @param {Picture} picture
 * @param {Timeline} timeline
 * @param {string | null} key
 * @param {number} k
 * @param {((key: string) => boolean) | null} look opens the call that it is, or is about
 */
export function showDetails(element, picture, timeline, key, k, look) {
  const item = key === null ? undefined : picture.items[key];
  if (!item || key === null) {
    replace(element, el("p", { class: "muted" }, "Select a node, an edge, a row of the table or a piece of the text: here stand its numbers."));
    return;
  }
  const facts = item.lines.filter(([, , since]) => since <= k).flatMap(([label, text]) => [el("dt", {}, el("span", termOf(label), label)), el("dd", {}, text)]);
  const value = [key, ...item.related].find((name) => name.startsWith("value-")) ?? key;
  /** @type {HTMLElement[]} */
  const views = [];
  if (item.data !== null) {
    const known = (timeline.slots.get(`${value}.primal`)?.[0]?.[0] ?? 0) <= k;
    views.push(known ? valueView(item.data, "Value", "primal") : later("Value", "primal", ""));
  }
  if (item.adjoint !== null) {
    const slot = `${value}.adjoint`;
    const soFar = entryAt(timeline.slots.get(slot), k)?.[1] ?? "";
    views.push(isSettled(timeline, slot, k) ? valueView(item.adjoint, "Adjoint", "adjoint") : later("Adjoint", "adjoint", soFar));
  }
  replace(
    element,
    el("h2", {}, item.title),
    look && callOf(picture.items, key) !== null
      ? el("button", { type: "button", class: "text-button", "data-testid": "look-inside", onclick: () => look(key) }, "Look inside")
      : null,
    facts.length > 0 ? el("dl", { class: "facts" }, ...facts) : null,
    views.length > 0 ? el("div", { class: "value-pair" }, ...views) : null,
  );
}

/**
 * @param {string} title
 * @param {string} role
 * @param {string} soFar
 */
function later(title, role, soFar) {
  const words = soFar ? `so far ${soFar}` : "not yet computed at this step";
  return el("section", { class: `values ${role}` }, el("h3", {}, el("span", termOf(role), title)), el("p", { class: "muted" }, words));
}
