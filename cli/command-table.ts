import {
  type AnyCommand,
  type AnyCommandClass,
  type CommandDeclaration,
  declarationsOf,
} from './declarations.ts';

/** All names of a command ("ps", "container ls"), and what loads its class. */
export type CommandEntry = readonly [names: readonly string[], load: () => Promise<AnyCommandClass>];

/** One word of a command path: `container` has children, `run` a command, and some words have both. */
export interface CommandNode {
  path: string[];
  /** All names of the command, this one among them. */
  names: readonly string[];
  /** Loads the command's declaration, once; undefined where the word alone is no command. */
  load: (() => Promise<CommandDeclaration>) | undefined;
  children: Map<string, CommandNode>;
}

export interface CommandTable {
  /** What the program calls itself: `tsc-pod`. */
  name: string;
  version: string;
  root: CommandNode;
  /** What may also stand before the command: the options of the class that all commands extend. */
  global: CommandDeclaration;
}

/**
 * Builds the tree of commands. It loads none of them and touches nothing of the process, so it may be done while the
 * start-up snapshot is built.
 */
export function commandTable(
  identity: { name: string; version: string },
  base: abstract new () => AnyCommand,
  entries: readonly CommandEntry[],
): CommandTable {
  const root = nodeOf([]);
  for (const [names, loadClass] of entries) {
    let declaration: Promise<CommandDeclaration> | undefined;
    const load = () => (declaration ??= loadClass().then(declarationsOf));
    for (const name of names) {
      const node = nodeAt(root, name.split(' '));
      if (node.load) throw new TypeError(`two commands are called "${name}"`);
      Object.assign(node, { names, load });
    }
  }
  return { ...identity, root, global: declarationsOf(base as unknown as AnyCommandClass) };
}

/** Of most commands: a Map of one's own would be copied at each start. */
const NONE: CommandNode['children'] = new Map();

function nodeOf(path: string[]): CommandNode {
  return { path, names: [], load: undefined, children: NONE };
}

function nodeAt(root: CommandNode, path: string[]): CommandNode {
  let node = root;
  for (const [depth, word] of path.entries()) {
    let child = node.children.get(word);
    if (!child) {
      child = nodeOf(path.slice(0, depth + 1));
      if (node.children === NONE) node.children = new Map();
      node.children.set(word, child);
    }
    node = child;
  }
  return node;
}
