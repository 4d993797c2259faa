import type { CommandNode, CommandTable } from './command-table.ts';
import type { CommandDeclaration, OptionDeclaration } from './declarations.ts';

/** What `--help` prints for a command, a group of commands, or (the root node) the whole program. */
export async function helpText(node: CommandNode, table: CommandTable): Promise<string> {
  const loaded = await loadAll(node);
  const sections = loaded.command
    ? commandSections(loaded.command, loaded, table)
    : groupSections(loaded, table);
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** A node with its command and those below it, loaded. */
interface LoadedNode {
  path: string[];
  names: readonly string[];
  command: CommandDeclaration | undefined;
  children: LoadedNode[];
}

async function loadAll({ path, names, load, children }: CommandNode): Promise<LoadedNode> {
  const command = await load?.();
  return { path, names, command, children: await Promise.all([...children.values()].map(loadAll)) };
}

function commandSections(command: CommandDeclaration, node: LoadedNode, table: CommandTable): string[] {
  const called = [table.name, ...node.path].join(' ');
  const own = command.options.filter(({ names }) => !names.some((name) => table.global.byName.has(name)));
  const visible = own.filter(({ hidden }) => !hidden);
  const usage = [
    'Usage: ',
    called,
    ...(visible.length > 0 ? ['[OPTIONS]'] : []),
    ...operandWords(command),
  ].join(' ');
  const { description = '', details = '', examples = [] } = command.usage ?? {};
  const aliases = node.names.map((name) => `${table.name} ${name}`);
  return [
    usage,
    description,
    details.trim(),
    aliases.length > 1 ? `Aliases:\n  ${aliases.join(', ')}` : '',
    visible.length > 0 ? `Options:\n${optionLines(visible)}` : '',
    examples.length > 0
      ? `Examples:\n${examples.map((example) => exampleLines(example, table)).join('\n')}`
      : '',
    node.children.length > 0 ? `Commands:\n${commandLines(node.children)}` : '',
  ];
}

function groupSections(node: LoadedNode, table: CommandTable): string[] {
  const called = [table.name, ...node.path].join(' ');
  const isRoot = node.path.length === 0;
  const children = node.children.filter(isListed);
  const groups = children.filter((child) => child.children.length > 0);
  const plain = children.filter((child) => child.children.length === 0);
  const categories = Map.groupBy(plain, (child) => (isRoot && child.command?.usage?.category) || 'Commands');
  return [
    `Usage:  ${called} ${isRoot ? '[OPTIONS] ' : ''}COMMAND`,
    isRoot ? 'Runs OCI containers without root and without a daemon' : describe(node),
    ...[...categories]
      .filter(([name]) => name !== 'Commands')
      .map(([name, nodes]) => `${name}:\n${commandLines(nodes)}`),
    groups.length > 0 ? `Management Commands:\n${commandLines(groups)}` : '',
    categories.has('Commands') ? `Commands:\n${commandLines(categories.get('Commands')!)}` : '',
    isRoot ? `Global Options:\n${optionLines(globalOptions(table))}` : '',
    `Run '${called} COMMAND --help' for more information on a command.`,
  ];
}

/** The commands below a group that begin with a word, each with its line of help. */
export async function commandsLike(word: string, node: CommandNode): Promise<[name: string, line: string][]> {
  const like = [...node.children].filter(([name]) => name.startsWith(word));
  const loaded = await Promise.all(like.map(([, child]) => loadAll(child)));
  return loaded.filter(isListed).map((child) => [child.path.at(-1)!, describe(child)]);
}

function isListed(node: LoadedNode): boolean {
  return node.command?.usage !== undefined || node.children.some(isListed);
}

/** A group has no class of its own; its line comes from its word. */
function describe(node: LoadedNode): string {
  const description = node.command?.usage?.description;
  if (description) return description;
  const word = node.path.at(-1) ?? '';
  return GROUPS[word] ?? `Manage ${word}s`;
}

/** Groups that are no kind of object. */
const GROUPS: Record<string, string> = {
  builder: 'Build images, and manage the build cache',
  buildx: 'The same as builder',
  generate: 'Generate files from containers',
  healthcheck: 'Check the health of containers',
  system: 'Manage tsc-pod itself',
};

/** `IMAGE [COMMAND] [ARG...]`, `CONTAINER [CONTAINER...]`: upper-case names of the operands. */
function operandWords(command: CommandDeclaration): string[] {
  const { leading, optional, trailing, rest, proxy } = command.positionals;
  const words = [...leading.map(upper), ...optional.map((name) => `[${upper(name)}]`)];
  if (proxy && rest?.includes(' ')) words.push(rest.replace(/^\S+/, upper));
  else if (proxy) words.push(...(leading.at(-1) === rest ? ['[ARG...]'] : ['[COMMAND]', '[ARG...]']));
  else if (rest !== undefined) words.push(`[${upper(rest)}...]`);
  return [...words, ...trailing.map(upper)];
}

/** `sourceImage` and `source-image` become `SOURCE_IMAGE`; `path|-` is `PATH|-`. */
function upper(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/\b-\b/g, '_')
    .toUpperCase();
}

function commandLines(nodes: LoadedNode[]): string {
  const rows = nodes.filter(isListed).map((node) => [node.path.at(-1)!, describe(node)] as const);
  return columns(rows.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function globalOptions(table: CommandTable): OptionDeclaration[] {
  const version = {
    names: ['-v', '--version'],
    description: 'Print the version and exit',
    value: 'none',
  } as const;
  const spec = table.global.options[0]!.spec;
  return [
    ...table.global.options,
    { ...version, names: [...version.names], hidden: false, required: false, spec },
  ];
}

function optionLines(options: OptionDeclaration[]): string {
  const rows = options.map((option) => {
    const { kind, text } = describeOption(option);
    const short = option.names.find((name) => name.length === 2);
    const long = option.names.find((name) => name.length > 2);
    const names = short ? (long ? `${short}, ${long}` : short) : `    ${long}`;
    const separator = kind === '' || option.value === 'bound' ? '' : ' ';
    return [`${names}${separator}${kind}`, text] as const;
  });
  const bare = (name: string) => name.trim().replace(/^(-\w, )?-+/, '');
  return columns(rows.sort(([left], [right]) => (bare(left) < bare(right) ? -1 : 1)));
}

/** What is in backquotes in its description. */
export function namedKind({ description }: OptionDeclaration): string | undefined {
  const quoted = /\(`([^`]+)`\)$|`([^`]+)`/.exec(description);
  return quoted?.[1] ?? quoted?.[2];
}

/** The kind of value (as named, else told from what the option gives) and the line of help. */
export function describeOption(option: OptionDeclaration): { kind: string; text: string } {
  const text = option.description.replace(/ \(`[^`]+`\)$/, '').replaceAll('`', '');
  const initial = probe(option, []);
  const fallback =
    typeof initial === 'string' && initial !== '' ? ` (default ${JSON.stringify(initial)})` : '';
  if (option.value === 'none') return { kind: '', text: initial === true ? `${text} (default true)` : text };
  const repeats = Array.isArray(probe(option, [{ name: option.names[0]!, value: '' }]));
  const kind = namedKind(option) ?? (repeats ? 'list' : 'string');
  return { kind: option.value === 'bound' ? `[=${kind}]` : kind, text: `${text}${fallback}` };
}

/** What the option's property would be; undefined where its validator refuses the probe. */
function probe(option: OptionDeclaration, options: { name: string; value: unknown }[]): unknown {
  const { transformer } = option.spec;
  try {
    return transformer({} as never, '', { options } as never, { env: {} } as never);
  } catch {
    return undefined;
  }
}

/** Two columns, the second one aligned three spaces behind the widest of the first. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`.trimEnd()).join('\n');
}

function exampleLines([what, line]: [string, string], table: CommandTable): string {
  return `  ${what}\n    ${line.replaceAll('$0', table.name)}`;
}
