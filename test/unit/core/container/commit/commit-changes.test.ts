import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applyChanges } from '../../../../../core/container/commit/commit-changes.ts';
import { splitWords } from '../../../../../core/container/instruction-words.ts';

const changed = (...changes: string[]) => applyChanges({}, changes);

test('each instruction changes its field', () => {
  assert.equal(changed('CMD ["a", "b c"]'), { Cmd: ['a', 'b c'] });
  assert.equal(changed('cmd a b'), { Cmd: ['/bin/sh', '-c', 'a b'] });
  assert.equal(changed('CMD=/bin/bash'), { Cmd: ['/bin/sh', '-c', '/bin/bash'] });
  assert.equal(changed('ENTRYPOINT ["/e"]'), { Entrypoint: ['/e'] });
  assert.equal(changed('ENV A=1 B="x y" C=q\\ r'), { Env: ['A=1', 'B=x y', 'C=q r'] });
  assert.equal(changed('ENV A one two'), { Env: ['A=one two'] });
  assert.equal(changed('EXPOSE 80 53/UDP 8000-8002/tcp'), {
    ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} },
  });
  assert.equal(changed('LABEL a=b "c d"=e'), { Labels: { a: 'b', 'c d': 'e' } });
  assert.equal(changed('ONBUILD RUN x'), { OnBuild: ['RUN x'] });
  assert.equal(changed('STOPSIGNAL SIGINT'), { StopSignal: 'SIGINT' });
  assert.equal(changed('USER 1:2'), { User: '1:2' });
  assert.equal(changed('VOLUME ["/a", "/b"]'), { Volumes: { '/a': {}, '/b': {} } });
  assert.equal(changed('VOLUME /a /b'), { Volumes: { '/a': {}, '/b': {} } });
  assert.equal(changed('WORKDIR /a', 'WORKDIR b'), { WorkingDir: '/a/b' });
  assert.equal(changed('HEALTHCHECK --interval=1m30s --retries=3 CMD curl x'), {
    Healthcheck: { Interval: 90e9, Retries: 3, Test: ['CMD-SHELL', 'curl x'] },
  });
  assert.equal(changed('HEALTHCHECK CMD ["a"]'), { Healthcheck: { Test: ['CMD', 'a'] } });
  assert.equal(changed('HEALTHCHECK NONE'), { Healthcheck: { Test: ['NONE'] } });
});

test('what was there is kept, replaced or, for the command of another entrypoint, dropped', () => {
  const base = { Cmd: ['x'], Env: ['A=0', 'B=1'], Labels: { a: 'b' }, ExposedPorts: { '1/tcp': {} } };
  const before = structuredClone(base);
  assert.equal(applyChanges(base, ['ENV A=2', 'LABEL c=d', 'EXPOSE 2', 'ENTRYPOINT e']), {
    Env: ['B=1', 'A=2'],
    Labels: { a: 'b', c: 'd' },
    ExposedPorts: { '1/tcp': {}, '2/tcp': {} },
    Entrypoint: ['/bin/sh', '-c', 'e'],
  });
  assert.equal(base, before);
});

test('anything else is refused', () => {
  for (const bad of [
    'RUN x',
    'FROM y',
    'nonsense',
    '',
    'ENV',
    'ENV A',
    'EXPOSE x',
    'EXPOSE 70000',
    'EXPOSE 5-2',
    'STOPSIGNAL NO',
    'HEALTHCHECK x',
    'HEALTHCHECK --retries=x CMD y',
    'HEALTHCHECK --interval=5 CMD y',
  ])
    assert.throws(
      () => changed(bad),
      (error: Error & { code?: string }) => error.code === 'usage',
      bad,
    );
});

test('words are split as a shell would', () => {
  assert.equal(splitWords(` a  "b c"d 'e\\' "f\\"g" \\  `), ['a', 'b cd', 'e\\', 'f"g', ' ']);
  assert.equal(splitWords('""'), ['']);
  assert.equal(splitWords(''), []);
});

test.run();
