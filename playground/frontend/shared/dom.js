// @ts-check
// Making elements. User data only ever enters as text or attribute values, never as markup.

export const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Outlines on a 20 x 20 grid, so that no glyph has to exist in the reader's fonts. */
const ICONS = {
  first: "M5 4v12M15.5 4.5 8 10l7.5 5.5z",
  back: "M13.5 4.5 6 10l7.5 5.5z",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4h2.6v12H6zM11.4 4H14v12h-2.6z",
  forward: "M6.5 4.5 14 10l-7.5 5.5z",
  last: "M15 4v12M4.5 4.5 12 10l-7.5 5.5z",
  phaseBack: "M10 5 4 10l6 5zM16.5 5l-6 5 6 5z",
  phaseOn: "M10 5l6 5-6 5zM3.5 5l6 5-6 5z",
  minus: "M4.5 10h11",
  plus: "M4.5 10h11M10 4.5v11",
  fit: "M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4",
  undo: "M7.5 4 3.5 8l4 4M4 8h7.5a4.5 4.5 0 0 1 0 9H9",
  redo: "M12.5 4l4 4-4 4M16 8H8.5a4.5 4.5 0 0 0 0 9H11",
  copy: "M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4",
  up: "M10 16V4.5M5 9.5l5-5 5 5",
  down: "M10 4v11.5M5 10.5l5 5 5-5",
  remove: "M5 5l10 10M15 5 5 15",
  search: "M13 13l4 4M14 8.5a5.5 5.5 0 1 1-11 0a5.5 5.5 0 1 1 11 0z",
  sideways: "M3.5 10H16M11.5 5.5 16 10l-4.5 4.5M3.5 5v10",
  save: "M10 3.5v9M6 9l4 4 4-4M4 16.5h12",
  link: "M8.5 11.5a3 3 0 0 0 4.4.3l2.5-2.5a3.1 3.1 0 0 0-4.4-4.4l-1.2 1.2M11.5 8.5a3 3 0 0 0-4.4-.3l-2.5 2.5a3.1 3.1 0 0 0 4.4 4.4l1.2-1.2",
};

/**
 * An element with attributes, listeners (`onclick`), and children; `null` children are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/**
 * A message of the server, in which `names` stand between backticks, as nodes.
 * @param {string} message
 * @returns {(Node | string)[]}
 */
export function prose(message) {
  return message.split(/`([^`]+)`/).map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG_NAMESPACE, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG_NAMESPACE, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {() => void} action
 * @param {Record<string, any>} [attributes]
 */
export function iconButton(name, label, action, attributes = {}) {
  const all = { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: action, ...attributes };
  return el("button", all, icon(name));
}

/**
 * @param {Element} element
 * @param {...(Node | string | null)} children
 */
export function replace(element, ...children) {
  element.replaceChildren(.../** @type {(Node | string)[]} */ (children.filter((child) => child !== null)));
}

/**
 * Sets an attribute only where it differs, so that nothing is restyled in vain.
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value
 */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Lets the reader keep a file.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { "aria-hidden": "true", style: "position:fixed;opacity:0" });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

/**
 * A button that copies and says so in its own label.
 * @param {string} label
 * @param {() => string} text
 * @param {Record<string, any>} [attributes]
 */
export function copyButton(label, text, attributes = {}) {
  /** @type {HTMLButtonElement} */
  const button = el("button", { type: "button", class: "text-button", ...attributes }, label);
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(text())) ? "Copied" : "Could not copy";
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}
