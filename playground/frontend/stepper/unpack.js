// @ts-check
// The start of a self-contained file, in which style, pictures and scripts are compressed. Its policy allows two scripts by
// their hashes, this one and the one that is unpacked here: nothing is evaluated.

// Base 85 of RFC 1924, but with , . : for & < >, to which HTML gives a meaning, and [ for the backtick.
const BASE85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%,()*+-;.=:?@^_[{|}~";

/** @param {string} text four bytes in each five digits, at the end one byte less than digits */
function decoded(text) {
  const whole = text.padEnd(Math.ceil(text.length / 5) * 5, "~");
  const bytes = new DataView(new ArrayBuffer((whole.length / 5) * 4));
  for (let at = 0; at < whole.length; at += 5) {
    let number = 0;
    for (const digit of whole.slice(at, at + 5)) number = number * 85 + BASE85.indexOf(digit);
    bytes.setUint32((at / 5) * 4, number);
  }
  return bytes.buffer.slice(0, bytes.byteLength - (whole.length - text.length));
}

/** @param {string} id of the element that holds the text, deflated */
async function inflated(id) {
  const bytes = decoded(document.getElementById(id)?.textContent ?? "");
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/**
 * @param {"style" | "script"} name of the element that is added, and id of the one that holds its text
 * @param {Record<string, string>} [attributes]
 */
async function add(name, attributes = {}) {
  document.head.append(Object.assign(document.createElement(name), attributes, { textContent: await inflated(name) }));
}

if ("DecompressionStream" in window) {
  await add("style");
  Object.assign(document.getElementById("data") ?? {}, { textContent: await inflated("data") });
  await add("script", { type: "module" });
} else document.body.textContent = "This file needs a browser of 2023 or newer.";
