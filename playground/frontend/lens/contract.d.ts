// A lens as the browser reads it of what the server sends (stepper/contract.d.ts). Types only.
import * as Sent from "../stepper/contract.js";

export interface Board {
  key: string;
  item: string;
  name: string;
  axes: Sent.LensAxis[];
  shape: number[];
  copies: number[];
  numbers: Float64Array;
  gradient: Float64Array | null;
}

export interface Operand {
  board: Board;
  cell: (result: number, term: number) => number; // -1: none
  local: Float64Array | null;
}

export interface Lens {
  text: Sent.Lens;
  result: Board;
  boards: Board[];
  operands: Operand[];
  count: number;
  factor: Float64Array | null;
  added: Operand | null;
  rest: Float64Array | null;
}

/** One term of a cell: of the result where `result` is the cell itself, else of a gradient. */
export interface Term {
  result: number;
  cells: { board: Board; cell: number; number: number }[];
  adjoint: number | null; // of the result's cell, in the backward pass
  derivative: number | null; // that multiplies it
  product: number;
}

export interface Sum {
  terms: Term[];
  added: { board: Board; cell: number; number: number } | null;
  rest: number;
  total: number | null; // null: a function of its cells
  recorded: number;
}
