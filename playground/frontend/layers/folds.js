// @ts-check
// The folded blocks of the list. A block is known by its place and its text: an edit elsewhere moves one of the two, never both.

/** @param {import("./contract.js").Path} path */
export const pathKey = (path) => path.join(".");

/** @returns {import("./contract.js").Folds} */
export function createFolds() {
  /** @type {Map<string, {text: string, kind: string}>} place of each folded block */
  let folded = new Map();
  /** @type {import("./contract.js").Row[]} */
  let blocks = [];
  return {
    isFolded: (path) => folded.has(pathKey(path)),
    isHidden(path) {
      for (let length = 1; length < path.length; length += 2) if (folded.has(pathKey(path.slice(0, length)))) return true;
      return false;
    },
    toggle(path) {
      const key = pathKey(path);
      const block = blocks.find((row) => pathKey(row.path) === key);
      if (!folded.delete(key) && block) folded.set(key, block);
    },
    setAll(isFolded) {
      folded = new Map(isFolded ? blocks.map((row) => [pathKey(row.path), row]) : []);
    },
    follow(rows) {
      blocks = rows.filter((row) => row.branches > 0);
      const free = new Map(blocks.map((row) => [pathKey(row.path), row]));
      /** @type {typeof folded} */
      const kept = new Map();
      let left = [...folded];
      /** @param {(key: string, text: string, kind: string) => string | undefined} find */
      const claim = (find) => {
        left = left.filter(([key, { text, kind }]) => {
          const found = find(key, text, kind);
          const row = found === undefined ? undefined : free.get(found);
          if (found === undefined || !row) return true;
          kept.set(found, row);
          free.delete(found);
          return false;
        });
      };
      claim((key, text) => (free.get(key)?.text === text ? key : undefined)); // nothing happened to it
      claim((key, text) => [...free].find(([, row]) => row.text === text)?.[0]); // it moved
      claim((key, text, kind) => (free.get(key)?.kind === kind ? key : undefined)); // something in it changed
      folded = kept;
    },
  };
}
