// @ts-check
// The curves that a browser holds: news appended, gaps noticed, thinned and smoothed for drawing. Pure functions.

/** @typedef {import("./contract.js").Kept} Kept */
/** @typedef {import("./contract.js").ShownRun} ShownRun */
/** @typedef {import("./contract.js").Trace} Trace */

export const MOST_POINTS = 500; // of one curve

/**
 * What is kept of a run after its news; null: a part is missing, and everything has to be asked for again.
 * @param {Kept | undefined} kept
 * @param {Pick<ShownRun, "after" | "last" | "columns" | "lines_from" | "lines">} news
 * @returns {Kept | null}
 */
export function withNews(kept, news) {
  if (news.after < 0) return { last: news.last, columns: news.columns, lines: news.lines };
  if (!kept || news.after > kept.last) return null;
  if (news.last <= kept.last) return kept; // nothing new, or told twice
  if (news.after !== kept.last) return null;
  const had = kept.columns.step?.length ?? 0;
  const more = news.columns.step.length;
  /** @type {import("./contract.js").Columns} */
  const columns = {};
  for (const name of new Set([...Object.keys(kept.columns), ...Object.keys(news.columns)])) {
    columns[name] = [...(kept.columns[name] ?? Array(had).fill(null)), ...(news.columns[name] ?? Array(more).fill(null))];
  }
  return { last: news.last, columns, lines: [...kept.lines.slice(0, news.lines_from), ...news.lines] };
}

/**
 * The running mean in which a number before counts `weight` times as much as the next; unbiased at the start.
 * @param {number[]} numbers
 * @param {number} weight
 */
export function smoothed(numbers, weight) {
  let total = 0;
  let count = 0;
  return numbers.map((number) => {
    total = weight * total + number;
    count = weight * count + 1;
    return total / count;
  });
}

/**
 * At most so many places of a list, evenly, the last among them.
 * @param {number} length
 * @param {number} most
 */
export function evenly(length, most = MOST_POINTS) {
  if (length <= most) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: most }, (_, number) => Math.ceil(((number + 1) * length) / most) - 1);
}

/**
 * The points of one curve as they are drawn.
 * @param {Kept} kept
 * @param {Trace} trace
 * @param {number} factor
 * @param {import("./contract.js").View} view
 * @returns {{x: number[], y: number[]}}
 */
export function curve(kept, trace, factor, view) {
  const xs = kept.columns[view.x] ?? [];
  const ys = kept.columns[trace.column] ?? [];
  /** @type {number[]} */ const x = [];
  /** @type {number[]} */ const y = [];
  for (let index = 0; index < ys.length; index += 1) {
    const [at, value] = [xs[index], ys[index]];
    if (at === null || at === undefined || value === null || value === undefined) continue;
    x.push(at);
    y.push(value * factor);
  }
  const smooth = trace.smooth && view.smoothing > 0 ? smoothed(y, view.smoothing) : y;
  const places = evenly(x.length);
  return { x: places.map((place) => x[place]), y: places.map((place) => smooth[place]) };
}
