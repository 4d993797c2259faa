import type { Node } from './ast.ts';
import { evaluateNodes } from './evaluate.ts';
import { functions, headerFunctions } from './functions.ts';
import { parseTemplate } from './parser.ts';

/**
 * A Go text/template (https://pkg.go.dev/text/template) as `--format` takes it, with the functions of docker and
 * podman: json join split lower upper title truncate pad. `\t` and `\n` outside of the braces stand for a tab and a
 * newline. define, template and block are left out.
 */
export interface Template {
  source: string;
  nodes: Node[];
}

export interface RenderOptions {
  /** Applied to each value that is printed, not to the template's own text. */
  escape?: (text: string) => string;
}

const names: ReadonlySet<string> = new Set(functions.keys());

/** What the start-up snapshot was made with is in it: the usual tables need no parser. */
const compiled = new Map<string, Template>();

/** Throws PodError `usage` that says where and what. */
export function compileTemplate(source: string): Template {
  const known = compiled.get(source);
  if (known) return known;
  const template = { source, nodes: parseTemplate(source, names) };
  compiled.set(source, template);
  return template;
}

/**
 * Carries a template out for one value. Objects are structs or maps (see values.ts), functions in them methods:
 * `{ Label: (name: string) => ... }` makes `{{.Label "x"}}` work, and a method without arguments is a field that is
 * made only when it is asked for. Throws PodError `usage`.
 */
export function renderTemplate(template: Template, data: unknown, options: RenderOptions = {}): string {
  const parts: string[] = [];
  evaluateNodes(template.nodes, data, {
    source: template.source,
    functions,
    variables: [['$', data]],
    write: (text, isValue) => parts.push(isValue && options.escape ? options.escape(text) : text),
  });
  return parts.join('');
}

/**
 * The names of a table's columns: the same template, where each field gives its header. One that `headers` does not
 * name is made from the field: `CreatedAt` -> `CREATED AT`.
 */
export function renderHeader(template: Template, headers: Readonly<Record<string, string>>): string {
  const parts: string[] = [];
  const header = (name: string, args: readonly unknown[]) => {
    // docker: {{.Label "com.example.my-key"}} has the header "my key".
    if (typeof args[0] === 'string') return args[0].split('.').at(-1)!.replace(/[-_]/g, ' ');
    return Object.hasOwn(headers, name) ? headers[name]! : spacedUpper(name);
  };
  evaluateNodes(template.nodes, '', {
    source: template.source,
    functions: headerFunctions,
    variables: [['$', '']],
    write: (text) => parts.push(text),
    header,
  });
  return parts.join('');
}

function spacedUpper(name: string): string {
  return name.replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ').toUpperCase();
}
