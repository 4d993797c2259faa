import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Shape {
  name: string;
  least: number;
  /** -1: any number. */
  most: number;
}

/** The table of operations in plan.c: each with the least and the most number of words after its name. */
export function operationShapes(source: string): Shape[] {
  const text = readFileSync(join(source, 'plan.c'), 'utf8');
  const table = text.slice(text.indexOf('shapes[] = {'), text.indexOf('};', text.indexOf('shapes[] = {')));
  return [...table.matchAll(/\{"([^"]+)", (\d+), (-?\d+)\}/g)].map(([, name, least, most]) => ({
    name: name!,
    least: Number(least),
    most: Number(most),
  }));
}
