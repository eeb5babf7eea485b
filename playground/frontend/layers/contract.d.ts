// The shapes that docs/layers.md describes in words. Types only: nothing here reaches the browser.

export type Path = number[];
export type Typed = number | number[] | boolean | string | null;

export interface Repair {
  label: string;
  text: string;
}

export interface Cure extends Repair {
  loss?: string | null;
}

export interface Argument {
  name: string;
  kind: string;
  content: Typed;
  meaning: string;
  inferred: boolean;
}

export interface Row {
  path: Path;
  kind: string;
  text: string;
  meaning: string;
  shape_rule: string;
  arguments: Argument[];
  branches: number;
  more_branches?: boolean;
  editable?: boolean;
  start?: number;
  end?: number;
  name?: string;
  gives: string | null;
  formula?: string;
  parameters?: number;
  parameters_formula?: string;
  multiplications?: number;
  saved?: number | null;
  field?: number[] | null;
}

export interface Matrix {
  name: string;
  shape: string;
  range: string;
  numbers: string[][] | null;
  image: string | null;
}

export interface Caution {
  path: Path;
  level: string;
  message: string;
  reason: string;
  lecture: string;
  cures: Cure[];
  one_map: { message: string; weight: Matrix; bias: Matrix | null } | null;
}

export type StackDocument = Record<string, any> & { text: string };

export interface Setting {
  name: string;
  label: string;
  kind: "choice" | "int" | "float" | "shape";
  choices: string[];
}

export interface StackFrame {
  sequence: number;
  query: string;
  document: StackDocument;
  rows: Row[];
  editable: boolean;
  input: string;
  totals: { parameters: number; multiplications: number; saved: number | null; output: string | null } | null;
  note: string;
  problem: { path: Path; message: string; hint: string; repairs: Repair[] } | null;
  error: { field: string | null; message: string; hint: string; start: number | null; end: number | null; repair: Repair | null } | null;
  starters: Repair[];
  refused: { field: string; path: Path | null; message: string } | null;
  place: Path | null;
  cautions: Caution[];
  results: Record<string, any> | null;
  catalogue: { name: string; family: string; meaning: string }[];
  settings: Setting[];
}

export interface Folds {
  isFolded: (path: Path) => boolean;
  isHidden: (path: Path) => boolean;
  toggle: (path: Path) => void;
  setAll: (folded: boolean) => void;
  follow: (rows: Row[]) => void;
}

export interface Refusal {
  typed: string;
  message: string;
}

export interface Refusals {
  tried: (id: string, typed: string) => void;
  answered: (frame: StackFrame) => void;
  of: (id: string) => Refusal | null;
  typedIn: (id: string) => string | null; // a text that is no content of the document, or not yet
  drop: () => boolean; // whether there were any
}

/** What follows an edit. `focus`: an action of the layer where it then stands, `key`: that place, or a control. */
export interface Afterwards {
  focus?: string | null;
  key?: string;
  kind?: string; // edits of one kind in quick succession are undone together
}

/** What a part of the list may ask for. */
export interface Actions {
  set: (fields: Record<string, unknown>, kind?: string) => void;
  change: (edit: object, afterwards?: Afterwards) => void;
  repair: (cure: Cure) => void;
  redraw: (focus?: string) => void;
}
