// What the reference of functions is given. Types only: nothing here reaches the browser.

export interface FunctionRow {
  name: string;
  signature: string;
  meaning: string;
  derivative: string; // LaTeX, or empty
}

export interface FunctionsFrame {
  rows: FunctionRow[];
}
