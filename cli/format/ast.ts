/** What a template is made of; `at` is the offset in its source, for messages. */
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipeline: Pipeline; at: number }
  | Block
  | { kind: 'break' | 'continue'; at: number };

export interface Block {
  kind: 'if' | 'with' | 'range';
  pipeline: Pipeline;
  body: Node[];
  otherwise: Node[];
  at: number;
}

export interface Pipeline {
  /** Names with their `$`; empty where nothing is declared. */
  variables: string[];
  /** `=` sets variables that were declared before, `:=` declares. */
  assign: boolean;
  commands: Command[];
  at: number;
}

/** A function, field or value with its arguments. */
export type Command = [Operand, ...Operand[]];

export type Operand =
  | { kind: 'literal'; value: string | number | bigint | boolean | null; at: number }
  | { kind: 'dot'; at: number }
  | { kind: 'function'; name: string; at: number }
  | { kind: 'field'; path: string[]; at: number }
  | { kind: 'variable'; name: string; path: string[]; at: number }
  | { kind: 'chain'; base: Pipeline; path: string[]; at: number };
