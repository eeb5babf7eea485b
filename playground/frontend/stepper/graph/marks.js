// @ts-check
// The boxes of a picture that differ from those beside it: a sign stands on each, so that nobody needs to see the colour.

const SIGNS = { differs: "≠", alone: "only here" };

/** @typedef {keyof typeof SIGNS} Mark */

/**
 * @param {readonly string[]} differing
 * @param {readonly string[]} alone
 * @returns {Map<string, Mark>} by the keys of the boxes
 */
export function boxMarks(differing, alone) {
  const marks = new Map(differing.map((key) => /** @type {[string, Mark]} */ ([key, "differs"])));
  for (const key of alone) marks.set(key, "alone");
  return marks;
}

/**
 * Puts a mark on a box instead of the one that it has.
 * @param {SVGElement} box
 * @param {Mark | undefined} mark
 */
export function markBox(box, mark) {
  const old = box.querySelector(".sign");
  if ((old?.textContent ?? "") === (mark ? SIGNS[mark] : "")) return;
  old?.remove();
  box.classList.toggle("differs", mark === "differs");
  box.classList.toggle("alone", mark === "alone");
  if (!mark) return;
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "text");
  const width = Number(box.querySelector("rect.box")?.getAttribute("width") ?? 0);
  const [y, size] = mark === "differs" ? [4, 15] : [1, 10.5];
  for (const [name, value] of Object.entries({ class: "sign", x: width - 8, y, "text-anchor": "end", "font-size": size }))
    sign.setAttribute(name, String(value));
  sign.textContent = SIGNS[mark];
  box.append(sign);
}
