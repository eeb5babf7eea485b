// @ts-check
// The SVG elements of one thing of a picture, as `playground/views/graph/svg.py` writes it where a picture stands alone.
import { SVG_NAMESPACE } from "../../shared/dom.js";

/** @typedef {import("../contract.js").Scene} Scene */
/** @typedef {import("./scene.js").Thing} Thing */

const NUMBER = /** @type {const} */ ({ title: "title", note: "note", label: "label" });

/**
 * @param {string} name
 * @param {Record<string, string | number | null>} attributes null: left out
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG_NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/**
 * @param {string} classes
 * @param {{x: number, y: number, size?: number, anchor?: string}} place
 * @param {string} content
 * @param {string | null} slot
 */
function text(classes, { x, y, size = 11, anchor = "middle" }, content, slot = null) {
  const element = shape("text", { class: classes, "data-slot": slot, x, y, "font-size": size, "text-anchor": anchor });
  element.textContent = content;
  return element;
}

/** Read aloud, two texts are two words. */
const spaced = (/** @type {SVGElement[]} */ elements) =>
  elements.flatMap((element) => (element.localName === "text" ? [element, document.createTextNode(" ")] : [element]));

/**
 * The button that opens (+) or closes (-) a module: the sign in its square, and around it room for a finger.
 * @param {string} path
 * @param {number} x
 * @param {number} y
 * @param {boolean} opens
 * @param {Record<string, string>} more
 */
function badge(path, x, y, opens, more) {
  return shape(
    "g",
    { class: "toggle", "data-toggle": (opens ? "+" : "-") + path, ...more, transform: `translate(${x} ${y})` },
    shape("rect", { class: "hit", x: -5, y: -5, width: 25, height: 25 }),
    shape("rect", { class: "badge", width: 15, height: 15, rx: 4 }),
    shape("path", { d: opens ? "M3.5 7.5h8M7.5 3.5v8" : "M3.5 7.5h8" }),
  );
}

/** @param {Scene["frames"][number]} frame */
function drawFrame({ title, x, y, width, height, closes }) {
  const parts = [shape("rect", { x, y, width, height, rx: 10 })];
  if (closes !== undefined)
    parts.push(badge(closes, x + 5, y + 3, false, { tabindex: "0", role: "button", "aria-expanded": "true", "aria-label": `close ${title}` }));
  return shape("g", { class: "cluster" }, ...parts, text("cluster", { x: x + (closes === undefined ? 10 : 24), y: y + 15, anchor: "start" }, title));
}

/** @param {readonly number[]} points @returns {string} the cubic curves through these control points */
export function pathOf(points) {
  let path = `M${points[0]},${points[1]}C`;
  for (let at = 2; at < points.length; at += 2) path += `${points[at]},${points[at + 1]} `;
  return path;
}

/** @param {Scene["links"][number]} link */
function drawLink({ key, classes, label, points, arrow, texts }) {
  const d = pathOf(points);
  const isHint = classes.startsWith("match"); // for the eye only
  return shape(
    "g",
    { class: `item edge ${classes}`, "data-key": key, ...(isHint ? { "aria-hidden": "true" } : { tabindex: 0, role: "button", "aria-label": label }) },
    shape("path", { class: "hit", d }),
    shape("path", { class: "line", d }),
    ...(arrow.length ? [shape("polygon", { points: arrow.join(" ") })] : []),
    ...spaced(texts.map((part) => text(part.classes, part, part.text ?? "", part.slot))),
  );
}

/**
 * @param {Scene["boxes"][number]} box
 * @param {Scene["forms"][number]} form
 */
function drawBox({ key, classes, label, x, y, texts, slots, opens, within }, { width, height, radius, parts }) {
  let [written, filled] = [0, -1];
  const drawn = parts.map((part) => {
    if (part.kind in NUMBER) return text(part.kind, part, texts[written++]);
    if (part.kind === "tint") filled += 1;
    const slot = slots[filled];
    const kind = part.of === "grad" ? "adjoint" : part.of;
    const place = { x: part.x, y: part.y, width: part.width ?? 0, height: part.height ?? 0 };
    if (part.kind === "tint") return shape("rect", { class: `tint ${kind}`, "data-tint": slot, ...place, rx: 5 });
    if (part.kind === "image") return shape("image", { "data-slot": imageSlot(slot), preserveAspectRatio: "none", "image-rendering": "pixelated", ...place });
    return text(`slot ${part.of === "grad" ? "adjoint grad" : kind}`, part, "", slot);
  });
  const state = { "aria-expanded": opens === undefined ? null : "false", "data-opens": opens ?? null, "data-within": within ?? null };
  return shape(
    "g",
    { class: `item ${classes}`, "data-key": key, tabindex: 0, role: "button", "aria-label": label, transform: `translate(${x} ${y})`, ...state },
    shape("rect", { class: "box", width, height, rx: radius }),
    ...spaced(drawn),
    ...(opens === undefined ? [] : [badge(opens, width - 20, 5, true, { "aria-hidden": "true" })]),
  );
}

/** @param {string} slot @returns {string} the slot of the heat map over a range */
const imageSlot = (slot) => `${slot.replace(/\.primal$/, "")}.image`;

/**
 * @param {Thing} thing
 * @param {Scene} scene
 * @returns {SVGGElement}
 */
export function draw({ kind, number }, { frames, links, boxes, forms }) {
  const drawn = kind === "frame" ? drawFrame(frames[number]) : kind === "link" ? drawLink(links[number]) : drawBox(boxes[number], forms[boxes[number].form]);
  return /** @type {SVGGElement} */ (drawn);
}
