import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLayeredFile } from '../../../../core/container/layered-file.ts';
import { locateInLayers } from '../../../../core/container/locate-in-layers.ts';

const top = mkdtempSync(join(tmpdir(), 'layers-'));
test.after(() => rmSync(top, { recursive: true }));
let made = 0;

/** A layer of `a/b: text`, `a/`, `a -> target`. */
function layer(...lines: string[]): string {
  const directory = join(top, String(made++));
  mkdirSync(directory);
  for (const line of lines) {
    const [, name, sign, rest] = /^([^ ]+?)(: | -> |$)(.*)$/s.exec(line)!;
    const path = join(directory, name!);
    mkdirSync(dirname(path), { recursive: true });
    if (sign === ': ') writeFileSync(path, rest!);
    else if (sign === ' -> ') symlinkSync(rest!, path);
    else mkdirSync(path, { recursive: true });
  }
  return directory;
}

const found = (layers: string[], path: string): string => {
  const located = locateInLayers(layers, path);
  if (!located) return 'nothing';
  const at = layers.findIndex((one) => located.file.toString().startsWith(`${one}/`));
  return `${at}${located.certain ? '' : ' perhaps'}`;
};

test('the topmost layer that has a name counts, and what is no directory hides what is below', () => {
  const layers = [layer('a/x: 0', 'f: 0'), layer('a/x: 1', 'a/y: 1', 'b/z: 1', 'f/deep: 1')];
  assert.is(found(layers, 'a/x'), '0');
  assert.is(found(layers, 'b/z'), '1');
  assert.is(found(layers, 'b'), '1');
  assert.is(found(layers, 'f/deep'), 'nothing');
  assert.is(found(layers, 'none/x'), 'nothing');
});

test('a directory above may be opaque: then what is found below is not certain', () => {
  assert.is(found([layer('a/x: 0'), layer('a/y: 1')], 'a/y'), '1 perhaps');
  assert.is(found([layer('a/'), layer('b: 0'), layer('a/y: 1')], 'a/y'), '2 perhaps');
});

test('a link of a layer below, where a layer above has a directory, leads nowhere: not to the host', () => {
  const host = layer('passwd: the host’s');
  const layers = [layer('etc/other: x'), layer(`etc -> ${host}`)];
  assert.is(found(layers, 'etc/passwd'), 'nothing');
  assert.is(readLayeredFile(layers, '/etc/passwd'), undefined);
  assert.is(readLayeredFile([layers[1]!], '/etc/passwd'), undefined);
});

test.run();
