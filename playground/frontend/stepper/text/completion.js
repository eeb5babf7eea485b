// @ts-check
// What may be meant by the word that is being typed: names of the text first, then functions. Pure: no document.

/** @typedef {[name: string, signature: string, meaning: string, homes: string]} FunctionRow as shared/functions.js has it */
/** @typedef {{functions: FunctionRow[], prefixes: Record<string, string>, leaves: string[]}} Known what can be named */
/** @typedef {{name: string, signature: string | null, meaning: string}} Suggestion `signature` is null where nothing is called */
/** @typedef {{start: number, typed: string, owner: string | null}} Word `owner`: what stands before its dot */

const MOST = 30; // suggestions at once
const METHOD = "Tensor"; // the home of what is called on a tensor
const TARGETS = /^[ \t]*([\p{L}_][\p{L}\p{N}_, \t]*?)[ \t]*=(?!=)|\b(?:for|def)[ \t]+([\p{L}_][\p{L}\p{N}_]*)/gmu;

/**
 * The word that ends at the caret; null inside of a word, of a number, and of a comment.
 * @param {string} text
 * @param {number} caret in UTF-16 units
 * @returns {Word | null}
 */
export function wordAt(text, caret) {
  if (/^[\p{L}\p{N}_]/u.test(text.slice(caret))) return null;
  const line = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  if (line.includes("#")) return null;
  const glued = /[\p{L}\p{N}_.]*$/u.exec(line)?.[0] ?? "";
  const dot = glued.lastIndexOf(".");
  const typed = glued.slice(dot + 1);
  if (/^\p{N}/u.test(typed) || (dot > 0 && /^\p{N}/u.test(glued))) return null;
  return { start: caret - typed.length, typed, owner: dot < 0 ? null : glued.slice(0, dot) };
}

/**
 * The names that a text gives to something, in the order in which it does.
 * @param {string} text
 * @returns {string[]}
 */
export function namesIn(text) {
  const names = [...text.matchAll(TARGETS)].flatMap(([, assigned, other]) => (assigned ?? other).split(",").map((name) => name.trim()));
  return [...new Set(names)].filter((name) => name && !/\s/.test(name));
}

/**
 * The names and functions that begin as the word at the caret does, the shortest function first. One letter that was
 * only typed is rarely the beginning of a function: `x` is a name, and a list of all in x would hide what is below.
 * @param {string} text
 * @param {Word} word
 * @param {Known} known
 * @param {boolean} isAsked whether somebody asked for the list
 * @returns {Suggestion[]}
 */
export function suggestionsFor(text, { start, typed, owner }, { functions, prefixes, leaves }, isAsked) {
  const home = owner === null ? null : (prefixes[owner] ?? METHOD);
  const begins = (/** @type {string} */ name) => name.toLowerCase().startsWith(typed.toLowerCase());
  const isName = owner === null && typed.length === 1 && !isAsked;
  const found = (isName ? [] : functions)
    .filter(([name, , , homes]) => begins(name) && (home === null ? homes !== METHOD : homes.split(" ").includes(home)))
    .sort(([one], [other]) => (typed ? one.length - other.length : 0))
    .map(([name, signature, meaning]) => ({ name, signature, meaning }));
  const rest = `${text.slice(0, start)} ${text.slice(start + typed.length)}`; // half a word is a leaf to the server
  const words = new Set(rest.match(/[\p{L}_][\p{L}\p{N}_]*/gu));
  const given = namesIn(rest);
  const names = [...new Set([...leaves, ...given])].filter((name) => home === null && begins(name) && words.has(name) && name !== typed);
  const named = names.map((name) => ({ name, signature: null, meaning: given.includes(name) ? "a name of this text" : "a leaf" }));
  const seen = new Set(names);
  return [...named, ...found.filter(({ name }) => !seen.has(name) && seen.add(name))].slice(0, MOST);
}

/**
 * What is written for a function or a name, and where the caret stands then: inside of the brackets where something
 * goes in, which is what was selected.
 * @param {{name: string, signature: string | null}} chosen
 * @param {string} inside what stands between the brackets
 * @param {string} after the text that follows
 * @returns {{written: string, caret: number}}
 */
export function writtenFor({ name, signature }, inside, after) {
  if (signature === null || after.startsWith("(")) return { written: name, caret: name.length };
  const written = `${name}(${inside})`;
  return { written, caret: written.length - (signature === "" || inside ? 0 : 1) };
}
