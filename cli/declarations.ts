import type { Command, CommandClass, Usage } from 'clipanion/lib/advanced/Command.js';
import { type CommandOption, isOptionSymbol } from 'clipanion/lib/advanced/options/utils.js';

/**
 * How an option takes its value: `none` is a boolean (`--rm`, `--rm=false`), `required` takes one (`--name x`,
 * `--name=x`), `bound` takes one only behind an equals sign (`--sign`, `--sign=key`; pflag's NoOptDefVal).
 */
export type ValueMode = 'none' | 'required' | 'bound';

export interface OptionDeclaration {
  /** As declared: `['-v', '--volume']`. */
  names: string[];
  value: ValueMode;
  description: string;
  hidden: boolean;
  required: boolean;
  /** What gives the property its value; also tells the initial value and whether it repeats. */
  spec: CommandOption<unknown>;
}

export interface PositionalDeclarations {
  /** Names of the required ones in front, of the optional ones, and of the required ones behind. */
  leading: string[];
  optional: string[];
  trailing: string[];
  /** Name of the list that takes all others; undefined when there is none. */
  rest: string | undefined;
  /** Everything behind the first positional belongs to somebody else (the container). */
  proxy: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a command may ask for any context; dispatch gives what it was given.
type AnyContext = any;

export type AnyCommand = Command<AnyContext>;
export type AnyCommandClass = CommandClass<AnyContext>;

export interface CommandDeclaration {
  commandClass: AnyCommandClass;
  /** undefined hides the command from lists. */
  usage: Usage | undefined;
  options: OptionDeclaration[];
  byName: Map<string, OptionDeclaration>;
  positionals: PositionalDeclarations;
  /** Property name -> clipanion's declaration of it, in the order of the class body. */
  properties: Map<string, CommandOption<unknown>>;
}

interface AddedOption {
  names: string[];
  arity?: number;
  allowBinding?: boolean;
  description?: string;
  hidden?: boolean;
  required?: boolean;
}

/** Stands where clipanion has its state-machine builder, and notes down what the options declare. */
function recorder(onOption: (option: AddedOption) => void, positionals: PositionalDeclarations) {
  return {
    addOption: onOption,
    addPositional({ name, required = true }: { name: string; required?: boolean }) {
      if (!required) positionals.optional.push(name);
      else if (positionals.rest === undefined && positionals.optional.length === 0)
        positionals.leading.push(name);
      else positionals.trailing.push(name);
    },
    addRest({ name, required = 0 }: { name: string; required?: number }) {
      for (let count = 0; count < required; count++) positionals.leading.push(name);
      positionals.rest = name;
    },
    addProxy({ name, required = 0 }: { name: string; required?: number }) {
      this.addRest({ name, required });
      positionals.proxy = true;
    },
  };
}

/** Reads what a clipanion command class declares: the one list of its flags and arguments. */
export function declarationsOf(commandClass: AnyCommandClass): CommandDeclaration {
  const positionals: PositionalDeclarations = {
    leading: [],
    optional: [],
    trailing: [],
    rest: undefined,
    proxy: false,
  };
  const options: OptionDeclaration[] = [];
  const properties = new Map<string, CommandOption<unknown>>();
  for (const [key, value] of Object.entries(new commandClass())) {
    if (typeof value !== 'object' || value === null || !(isOptionSymbol in value)) continue;
    const spec = value as CommandOption<unknown>;
    properties.set(key, spec);
    const builder = recorder((added) => options.push(optionFrom(added, spec)), positionals);
    spec.definition(builder as unknown as Parameters<typeof spec.definition>[0], key);
  }
  const byName = new Map(options.flatMap((option) => option.names.map((name) => [name, option] as const)));
  const { usage } = commandClass;
  return { commandClass, usage, options, byName, positionals, properties };
}

function optionFrom(added: AddedOption, spec: CommandOption<unknown>): OptionDeclaration {
  const { names, arity = 0, allowBinding = true, description = '', hidden = false, required = false } = added;
  if (arity > 1) throw new TypeError(`${names}: an option takes one value at most`);
  const value = arity === 1 ? 'required' : allowBinding ? 'bound' : 'none';
  return { names, value, description, hidden, required, spec };
}
