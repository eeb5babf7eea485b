// The shapes that docs/train.md describes in words. Types only: nothing here reaches the browser.

export interface SettingField {
  name: string;
  group: string;
  label: string;
  help: string;
  kind: "choice" | "number" | "flag";
  choices: string[];
  titles: Record<string, string>; // of choices that are shown by another name
  value: string | boolean;
  shown: boolean;
  refused: string;
}

export interface NetProblem {
  message: string;
  hint: string;
  start: number | null;
  end: number | null;
  repairs: { label: string; text: string }[];
}

export interface SetupFrame {
  part: "setup";
  sequence: number;
  owner: string;
  query: string;
  chosen: number; // how often something was chosen in the place of what was shown
  text: string;
  fields: SettingField[];
  check: {
    input: string;
    rows: { text: string; gives: string; parameters: number | null }[];
    parameters: number | null;
    problem: NetProblem | null;
    classes: string[];
  };
  notes: { text: string; cures: { label: string; fields: Record<string, string | boolean> }[] }[];
  folds: { label: string; note: string } | null;
  said: string;
  waits: boolean;
}

export type Columns = Record<string, (number | null)[]>;
export type Line = [number, number, number, number, number | null, number];

export interface ShownRun {
  id: string;
  letter: string;
  name: string;
  status: string;
  state: string;
  left: string;
  step: number;
  steps: number;
  share: number | null;
  seconds: number;
  parameters: number;
  device: string;
  learning_rate: number;
  rate_said: string;
  mine: boolean;
  can: string[];
  sentence: string;
  figures: { lecture: string; yours: string }[];
  symptom: { text: string; label: string; do: "tenth" | "cure" } | null;
  samples: number[][];
  pictures: { src: string | null; label: string; index: number; classes: string[] }[];
  after: number;
  last: number;
  columns: Columns;
  lines_from: number;
  lines: Line[];
}

export interface Trace {
  run: string;
  column: string;
  name: string;
  mode: string;
  smooth: boolean;
  colour: number;
  dash: string;
  symbol: string;
}

export interface Chart {
  id: string;
  title: string;
  factor: number;
  traces: Trace[];
}

export interface RunTable {
  id: string;
  caption: string;
  head: string[];
  rows: { kind: "own" | "reported" | "sum"; cells: string[] }[];
  note: string;
  open: boolean;
}

export interface RunsFrame {
  part: "runs";
  sequence: number;
  owner: string;
  query: string;
  frozen: number | null;
  said: string;
  said_add: string;
  direct: { path: string; ticket: string } | null;
  every: number | null; // seconds until the next frame is asked for; null: nothing goes on
  page_due: boolean; // something that stands outside of the runs' side has changed
  runs: ShownRun[];
  list: { id: string; name: string; status: string; created: number; shown: boolean }[];
  charts: Chart[];
  layer_charts: Record<string, string>;
  axes: Record<string, string>;
  palettes: Record<string, string[]>;
  headings: string[];
  differences: string[][];
  tables: RunTable[];
  stale: string[][];
}

export interface Kept {
  last: number;
  columns: Columns;
  lines: Line[];
}

export interface View {
  x: string;
  log: boolean;
  smoothing: number;
}

/** Returns the number of the edit: frames from that `sequence` on answer it. */
export type Act = (what: string, run?: string, content?: string) => number;
