// The shapes that docs/stepper.md describes in words. Types only: nothing here reaches the browser.

export type Span = [number, number]; // code points, as Python counts them
export type Entry = [number, string, number?];
export type Numbers = number | string | boolean | null | Numbers[];

export interface StepWords {
  title: string;
  sentence: string;
  arithmetic: string;
  spans: Span[];
  saved: string[];
}

export interface Step {
  phase: "forward" | "backward" | "update";
  kind: string;
  active: string[];
  flow: string[];
  words: StepWords | null; // of a long trace most are told later
}

export interface Why {
  lines: { title: string; latex: string; text: string; note?: string; symbolic?: boolean }[];
  check: [string, string][];
  since: number; // the position from which on its numbers are known
}

export interface Item {
  kind: string;
  title: string;
  lines: [string, string, number][]; // label, text, and the position from which on it is known
  spans: Span[];
  related: string[];
  data: Numbers;
  adjoint: Numbers;
  why: Why | null;
  shape: number[] | null; // of values
}

export interface Cell {
  text?: string;
  slot?: string;
}

export interface TraceTable {
  columns: string[];
  rows: { key: string; cells: Cell[] }[];
}

export interface Note {
  kind: string;
  message: string;
  key: string | null;
}

export interface Result {
  key: string;
  term: string;
  of: "primal" | "tangent" | "grad";
  text: string;
}

export type CellKind = "primal" | "adjoint" | "tangent" | "grad";

/** One thing in a box: `size` of letters, `width` and `height` of tints and images, `of` what a cell holds. */
export interface Part {
  kind: string;
  x: number;
  y: number;
  size?: number;
  width?: number;
  height?: number;
  of?: CellKind;
}

/** Titles, labels and notes stand in the order of a box's texts; each tint begins the next of its slots. */
export interface Form {
  width: number;
  height: number;
  radius: number;
  parts: Part[];
}

export interface Box {
  key: string;
  classes: string;
  label: string;
  x: number;
  y: number;
  form: number;
  texts: string[];
  slots: string[];
  opens?: string;
  within?: string;
}

export interface LinkText {
  classes: string;
  x: number;
  y: number;
  size: number;
  anchor: string;
  text?: string;
  slot?: string;
}

export interface Link {
  key: string;
  classes: string;
  label: string;
  points: number[];
  arrow: number[];
  texts: LinkText[];
}

export interface ModuleFrame {
  title: string;
  x: number;
  y: number;
  width: number;
  height: number;
  closes?: string;
}

/** A whole picture without its numbers, which go into slots; `view`: x, y, width and height of all of it. */
export interface Scene {
  title: string;
  view: number[];
  forms: Form[];
  frames: ModuleFrame[];
  links: Link[];
  boxes: Box[];
}

export interface Picture {
  version: number;
  key: string;
  scene: Scene | null;
  graph: GraphKind;
  text: string;
  initial: { title: string; sentence: string; arithmetic: string };
  steps: Step[];
  slots: Record<string, Entry[]>;
  images: Record<string, Entry[]>;
  items: Record<string, Item>;
  table: TraceTable;
  notes: Note[];
  results: Result[];
  modules?: { count: number; open: number; message: string } | null;
}

export type GraphKind = "forward" | "backward" | "both";

export interface LeafSetting {
  value: string;
  dtype: string;
  requires_grad: boolean;
  slider_range: number[] | null;
}

export interface Document {
  text: string;
  leaves: Record<string, LeafSetting>;
  graph: GraphKind;
  mode: string;
  tangent: unknown;
  second: unknown;
  passes: number;
  zero_grad: boolean;
  rng_seed: number;
}

export interface LeafRow extends LeafSetting {
  name: string;
  is_scalar: boolean;
  minimum: number | null;
  maximum: number | null;
  step: number | null;
  spans: Span[];
  stated: number[] | null;
  error: string | null;
}

export interface PageError {
  message: string;
  hint: string;
  start: number;
  end: number;
  leaf: string | null;
  repair: { label: string; text: string } | null;
}

export interface ElementPart {
  title: string;
  formula: string;
  numbers: string;
  heads: string[];
  rows: string[][];
  note: string;
}

export interface LensAxis {
  name: string;
  size: number;
  start: number;
  stop: number;
}

/** `numbers` and `gradient`: base64 of float64. */
export interface LensBoard {
  key: string;
  item: string;
  name: string;
  axes: LensAxis[];
  numbers: string;
  gradient: string | null;
  copies: number[]; // as which its rows and columns are read
}

/** Either `cells` for each result and term (int32, -1: none), or `base` of each result and `offset` of each term. */
export interface LensOperand {
  key: string;
  cells: string | null;
  base: string | null;
  offset: string | null;
  local: string | null;
}

export interface LensPick {
  axis: string;
  size: number;
  at: number;
  width: number;
}

export interface LensCurve {
  points: number[];
  values: (number | null)[];
  slopes: (number | null)[];
}

export interface Lens {
  family: string;
  op: number;
  title: string;
  formula: string;
  written: string;
  notes: string[];
  result: LensBoard;
  operands: LensBoard[];
  combine: string;
  count: number;
  terms: LensOperand[];
  factor: string | null;
  added: LensOperand | null;
  rest: string | null;
  picks: LensPick[];
  curve: LensCurve | null;
}

/** The server's answer about one element of a value, or the lens of a call. */
export interface ElementAnswer {
  number: number;
  key: string;
  index: string;
  error: { message: string; hint: string } | null;
  answer: { title: string; number: string; since: [number, number]; parts: ElementPart[]; check: [string, string][] } | null; // `since`: of its value, of its gradient
  lens: Lens | null;
}

/** What was left out of the picture of a long trace: the words of steps from `start` on, and items. */
export interface ToldAnswer {
  number: number;
  start: number;
  words: StepWords[];
  items: Record<string, Item>;
}

export interface Opened {
  marks: string[];
  sequence: number;
}

/** One line of what differs between the picture before and that of now. */
export interface Difference {
  name: string;
  of: "primal" | "tangent" | "adjoint" | "grad";
  before: string;
  now: string;
  gap: string;
  keys: string[];
}

/** What corresponds in two pictures; every pair is [before, now]. `alone`: the boxes without a partner. */
export interface Comparison {
  summary: string;
  keys: string[][];
  steps: number[][]; // positions
  differing: string[][];
  alone: string[][];
  rows: Difference[];
  unlisted: number;
}

/** A picture as it travels: its scene and the rest as text, which the server keeps more cheaply than data. */
export interface PictureText {
  key: string;
  scene: string | null;
  rest: string;
}

/** A change that a document can be compared after. */
export interface Variant {
  name: string;
  label: string;
}

export interface Beside {
  stamp: string;
  picture: PictureText | null; // null: the browser has the one with this stamp, or there is none
  message: string;
  comparison: Comparison | null;
  told: ToldAnswer | null;
}

export interface Frame {
  opened?: Opened;
  picture: Picture | null;
  stale: boolean;
  sequence: number;
  query: string;
  document: Document | null;
  leaves: LeafRow[];
  error: PageError | null;
  editable: boolean;
  step: number | null;
  theme: string | null;
  element?: ElementAnswer | null;
  told?: ToldAnswer | null;
  variants?: Variant[];
  beside?: Beside | null;
  direct?: Direct | null;
}

/** Where edits may be posted, and the ticket of the session that they are of. */
export interface Direct {
  path: string;
  ticket: string;
}

export interface Edit extends Omit<Document, "rng_seed"> {
  sequence: number;
  have: string | null;
}

export interface Timeline {
  last: number;
  steps: Step[];
  slots: Map<string, Entry[]>;
  changed: string[][];
  firstVisit: Map<string, number>;
  visited: string[][];
}

/** Makes the suggestions of a text; `leaves`: their names now. */
export type Suggest = (text: import("./text/suggestions.js").TextParts, leaves: () => string[]) => ReturnType<import("./text/suggestions.js").Suggest>;

/** What goes along with a workbench that has another one beside it. */
export interface Companion {
  menu: HTMLElement | null; // for the toolbar
  moved: (k: number) => void;
  selected: (key: string | null, isAsked: boolean) => void;
  viewed: (command: string) => unknown;
  obey: (command: string, target: Element) => boolean; // whether it did what the command says
}

/** What the workbench may tell. `send` is null where no server listens: then `draw` shows another graph. */
export interface Host {
  send: ((edit: Edit) => void) | null;
  unfold?: (opened: object) => void;
  draw?: (graph: GraphKind) => void;
  ask?: (question: object) => void;
  look?: (key: string | null) => boolean; // opens the call that an item is or is about, where there is one
  enter?: (target: Element) => boolean; // the same, where that item is selected already
  want?: (question: object) => void; // what the picture of a long trace left out
  reopen?: (address: object) => void; // Back or Forward led to another document of this page
  suggest?: Suggest; // where a text can be edited
  hasExports?: boolean; // the page has a menu that saves the picture, too
  beside?: Companion;
  follows?: boolean; // another workbench listens to the keys
}
