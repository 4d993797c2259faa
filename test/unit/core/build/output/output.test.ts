import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseOutput } from '../../../../../core/build/output/output.ts';

test('each form of --output', () => {
  assert.equal(parseOutput('dir/out'), { type: 'local', destination: 'dir/out' });
  assert.equal(parseOutput('-'), { type: 'tar', destination: '-' });
  assert.equal(parseOutput('type=local,dest=out'), { type: 'local', destination: 'out' });
  assert.equal(parseOutput('dest=out'), { type: 'local', destination: 'out' });
  assert.equal(parseOutput('type=tar'), { type: 'tar', destination: '-' });
  assert.equal(parseOutput('type=tar,"dest=a,b.tar"'), { type: 'tar', destination: 'a,b.tar' });
  assert.equal(parseOutput('type=oci,dest=x.tar,"name=a:1,b:2"'), {
    type: 'oci',
    destination: 'x.tar',
    names: ['a:1', 'b:2'],
    tar: true,
  });
  assert.equal(parseOutput('type=oci,dest=x,tar=false'), {
    type: 'oci',
    destination: 'x',
    names: [],
    tar: false,
  });
  assert.equal(parseOutput('type=docker'), { type: 'image', names: [], push: false });
  assert.equal(parseOutput('type=docker,dest=-'), { type: 'docker', destination: '-', names: [], tar: true });
  assert.equal(parseOutput('type=image,name=a,push=true'), { type: 'image', names: ['a'], push: true });
  assert.equal(parseOutput('type=registry,name=a'), { type: 'image', names: ['a'], push: true });
  assert.is(parseOutput('type=cacheonly'), undefined);
});

test('what is none is refused, with what there is', () => {
  const refusal = (text: string): string => {
    try {
      parseOutput(text);
    } catch (error) {
      const { why, hint } = error as { why?: string; hint?: string };
      return `${why}; ${hint ?? ''}`;
    }
    throw new Error('it was taken');
  };
  assert.is(
    refusal('type=zip,dest=x'),
    'there is no type zip; the types are image, registry, local, tar, oci, docker, cacheonly',
  );
  assert.is(refusal('type=local'), 'dest= must name a directory; ');
  assert.is(refusal('type=tar,push=true'), 'type=tar has no push; it has dest');
  assert.is(refusal('type=image,push=maybe'), 'push=maybe is neither true nor false; ');
  assert.is(refusal('type=docker,dest=x,tar=false'), 'tar=false needs type=oci and a directory as dest=; ');
  assert.is(refusal('type=tar,dest'), '"dest" is not KEY=VALUE; ');
  assert.is(refusal(''), 'it is empty; ');
});

test.run();
