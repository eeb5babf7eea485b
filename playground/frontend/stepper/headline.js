// @ts-check
// What a step is headed by: what it does, and after it PyTorch's name for it.

/**
 * Of a backward node the title is PyTorch's name, and its first sentence says what it does; of other steps the title says it.
 * @param {{title: string, sentence: string, kind?: string}} words
 * @returns {{first: string, rest: string, name: string}} `name`: PyTorch's, "" where the title is none
 */
export function headline({ title, sentence, kind }) {
  if (kind !== "node") return { first: title, rest: sentence, name: "" };
  const end = sentence.indexOf(". ");
  return end < 0 ? { first: sentence, rest: "", name: title } : { first: sentence.slice(0, end + 1), rest: sentence.slice(end + 2), name: title };
}
