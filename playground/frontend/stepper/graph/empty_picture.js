// @ts-check
// The picture before anything has run.

/** @type {import("../contract.js").Picture} */
export const EMPTY_PICTURE = {
  version: 1,
  key: "",
  scene: null,
  graph: "both",
  text: "",
  steps: [],
  initial: { title: "Nothing has run yet", sentence: "Mend the text, or take the repair that is offered: the graph appears at once.", arithmetic: "" },
  slots: {},
  images: {},
  items: {},
  table: { columns: [], rows: [] },
  notes: [],
  results: [],
};
