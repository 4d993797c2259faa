import {
  type AnyCommand,
  type AnyCommandClass,
  type CommandDeclaration,
  declarationsOf,
} from './declarations.ts';

/** One word of a command path: `container` has children, `run` a command, and some words have both. */
export interface CommandNode {
  path: string[];
  command: CommandDeclaration | undefined;
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
 * Builds the tree of commands from their classes. It touches nothing of the process, so it may be done while the
 * start-up snapshot is built.
 */
export function commandTable(
  identity: { name: string; version: string },
  base: abstract new () => AnyCommand,
  commandClasses: AnyCommandClass[],
): CommandTable {
  const root: CommandNode = { path: [], command: undefined, children: new Map() };
  for (const commandClass of commandClasses) {
    const command = declarationsOf(commandClass);
    for (const path of command.paths) {
      const node = nodeAt(root, path);
      if (node.command) throw new TypeError(`two commands are called "${path.join(' ')}"`);
      node.command = command;
    }
  }
  return { ...identity, root, global: declarationsOf(base as unknown as AnyCommandClass) };
}

function nodeAt(root: CommandNode, path: string[]): CommandNode {
  let node = root;
  for (const [depth, word] of path.entries()) {
    let child = node.children.get(word);
    if (!child) {
      child = { path: path.slice(0, depth + 1), command: undefined, children: new Map() };
      node.children.set(word, child);
    }
    node = child;
  }
  return node;
}
