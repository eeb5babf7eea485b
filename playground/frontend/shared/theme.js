// @ts-check
// Light or dark: what the page around us is, else what was asked for, else what the reader's system prefers.

/**
 * @param {string} colour "rgb(r, g, b)" as computed styles write it
 */
export function isDark(colour) {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? ["255", "255", "255"]).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

/**
 * @param {HTMLElement} root
 * @param {string | null} asked
 * @returns {"light" | "dark"}
 */
export function themeOf(root, asked) {
  const around = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  if (around && around !== "unset") {
    const probe = document.createElement("span");
    probe.style.cssText = `display:none;color:${around}`;
    root.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return isDark(colour) ? "dark" : "light";
  }
  if (asked === "light" || asked === "dark") return asked;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Follows the reader's system from light to dark and back.
 * @param {() => void} retheme
 * @returns {() => void} ends it
 */
export function followScheme(retheme) {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", retheme);
  return () => scheme.removeEventListener("change", retheme);
}
