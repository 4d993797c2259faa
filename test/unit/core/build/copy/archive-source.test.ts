import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { archiveIn, fileBytes } from '../../../../../core/build/copy/archive-source.ts';

test('ADD of a sparse file: its holes take no memory while it is asked whether it is an archive', async () => {
  let taken = 0;
  const before = process.memoryUsage().arrayBuffers;
  const bytes = fileBytes({
    ...{ label: 'sparse', name: 'sparse', directory: false },
    read: async (sink, drain) => {
      sink.hole(2 ** 31);
      sink.data(Buffer.from('x'));
      taken = process.memoryUsage().arrayBuffers - before;
      await drain();
    },
  });
  assert.is(await archiveIn(bytes, {}), false);
  assert.ok(taken < 16 << 20, `${taken} bytes`);
});

test('a file comes as it is, holes as zeros', async () => {
  const parts: Buffer[] = [];
  const hole = (2 << 20) + 3;
  for await (const piece of fileBytes({
    ...{ label: 'f', name: 'f', directory: false },
    read: async (sink, drain) => {
      sink.data(Buffer.from('a'));
      sink.hole(hole);
      await drain();
      sink.data(Buffer.from('b'));
      await drain();
    },
  }))
    parts.push(Buffer.from(piece));
  assert.ok(
    Buffer.concat(parts).equals(Buffer.concat([Buffer.from('a'), Buffer.alloc(hole), Buffer.from('b')])),
  );
});

test.run();
