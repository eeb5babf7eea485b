// @ts-check
// The graph as it stands now, as a file of its own: SVG, or PNG at twice the size.
import { download } from "../../shared/dom.js";

const STYLES = [
  "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "fill-opacity", "stroke-opacity", "display", "visibility",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline",
]; // prettier-ignore

/**
 * A copy of the SVG that carries its own colours and needs no style sheet.
 * @param {SVGSVGElement} svg
 * @param {string} background
 */
export function standaloneSvg(svg, background) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const originals = [svg, ...svg.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, index) => {
    const computed = getComputedStyle(original);
    const text = STYLES.map((name) => `${name}:${computed.getPropertyValue(name)}`).join(";");
    const target = copies[index];
    target.setAttribute("style", target === copy ? `background:${background};${text}` : text);
    if (target.matches(".hit, .toggle")) return target.remove(); // what only a pointer has a use for
    for (const name of ["class", "tabindex", "aria-pressed", "data-name", "data-slot", "data-tint", "data-opens", "data-within", "aria-expanded"])
      target.removeAttribute(name);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

const [READ, WRITTEN] = [200, 40]; // characters of a text that a file is named after, and of the name

/**
 * @param {string} text what the picture is of
 * @param {string} file
 * @returns {string} a name that begins with that, in plain letters and digits, as the exported files have it
 */
export function namedAfter(text, file) {
  const words =
    text
      .slice(0, READ)
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  while (words.join("-").length > WRITTEN) words.pop();
  return [...words, file].join("-");
}

/**
 * @param {SVGSVGElement | null} svg null: nothing is drawn
 * @param {string} background
 * @param {"svg" | "png"} format
 * @param {string} of the text that it is a picture of
 */
export async function savePicture(svg, background, format, of) {
  if (!svg) return;
  const text = standaloneSvg(svg, background);
  if (format === "svg") return download(new Blob([text], { type: "image/svg+xml" }), namedAfter(of, "graph.svg"));
  const { width, height } = svg.viewBox.baseVal;
  const scale = Math.min(2, 8192 / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => blob && download(blob, namedAfter(of, "graph.png")), "image/png");
}
