import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type PodEvent, readEventLine } from '../../../core/events/event-line.ts';
import { type EventWish, readEvents } from '../../../core/events/read-events.ts';
import { emitEvent, eventsFile, subjectOf } from '../../../core/events.ts';

const scratch = () => mkdtempSync(join(process.env.TSC_POD_TEST_DIR ?? tmpdir(), 'events-'));

async function read(
  data: string,
  wish: Partial<EventWish> = {},
): Promise<{ events: PodEvent[]; notices: string[] }> {
  const notices: string[] = [];
  const events: PodEvent[] = [];
  const notice = (text: string) => notices.push(text);
  for await (const event of readEvents({ data }, { follow: false, notice, ...wish })) events.push(event);
  return { events, notices };
}

test('what was told is read again', async () => {
  const data = scratch();
  emitEvent(
    { data },
    { type: 'volume', action: 'create', id: 'v', attributes: { driver: 'local', none: undefined } },
  );
  const { events, notices } = await read(data);
  assert.equal(notices, []);
  const [{ time, timeNano, ...rest }] = events as [PodEvent];
  assert.is(BigInt(time), timeNano / 1_000_000_000n);
  assert.equal(rest, {
    type: 'volume',
    action: 'create',
    id: 'v',
    from: undefined,
    attributes: { driver: 'local' },
    scope: 'local',
  });
});

test('hostile texts stay inside of their line', () => {
  const data = scratch();
  const evil = '"}}}\n{"time":1,"x":"\u2028\ud800\0';
  emitEvent({ data }, { type: 'container', action: evil, id: 'i', attributes: { name: evil, [evil]: 'x' } });
  const text = readFileSync(eventsFile({ data }), 'utf8');
  assert.is(text.split('\n').length, 2);
  assert.is(readEventLine(text)?.attributes.name, evil);
});

test('an event has a bounded length, whatever labels there are', () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`l${n}`, '\u0001'.repeat(9000)]),
  );
  const subject = subjectOf({ type: 'container', id: 'i', attributes: { name: 'first', ...attributes } });
  assert.ok(subject.length < 64_000);
  assert.ok(subject.includes('"name":"first"'));
});

test('no trouble with the log is an error', () => {
  const data = scratch();
  emitEvent({ data: join(data, 'missing') }, { type: 'volume', action: 'create', id: 'v' });
  mkdirSync(eventsFile({ data }));
  emitEvent({ data }, { type: 'volume', action: 'create', id: 'v' });
  const other = scratch();
  symlinkSync('/dev/full', eventsFile({ data: other }));
  emitEvent({ data: other }, { type: 'volume', action: 'create', id: 'v' });
});

test('a damaged line is told of and left out; the event behind it is not', async () => {
  const data = scratch();
  const emit = (id: string) => emitEvent({ data }, { type: 'volume', action: 'create', id });
  const ids = async (wish = {}) => (await read(data, wish)).events.map(({ id }) => id);
  emit('a');
  appendFileSync(eventsFile({ data }), '{"time":17,"tim\n\0\0\0\n{"time":12,"timeNa');
  emit('b');
  appendFileSync(eventsFile({ data }), '{"not ended');
  const { notices } = await read(data);
  assert.equal(await ids(), ['a', 'b']);
  assert.is(notices.length, 2);
  assert.equal(await ids({ since: Date.now() + 1000 }), []);
  assert.equal(await ids({ until: Date.now() - 60_000 }), []);
  assert.equal(await ids({ since: Date.now() - 60_000, until: Date.now() + 1000 }), ['a', 'b']);
});

test('following begins with what happens from now on, and ends at its time', async () => {
  const data = scratch();
  emitEvent({ data }, { type: 'volume', action: 'create', id: 'before' });
  const end = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { id } of readEvents({ data }, { follow: true, signal: end.signal, notice: () => {} })) {
      seen.push(id);
      if (id === 'last') end.abort();
    }
  })();
  await new Promise((resolve) => setImmediate(resolve));
  emitEvent({ data }, { type: 'volume', action: 'create', id: 'after' });
  emitEvent({ data }, { type: 'volume', action: 'create', id: 'last' });
  await reading;
  assert.equal(seen, ['after', 'last']);
  const began = Date.now();
  assert.is((await read(data, { follow: true, until: began + 100 })).events.length, 3);
  assert.ok(Date.now() >= began + 100);
});

test('following an empty store sees its first event', async () => {
  const data = scratch();
  const end = new AbortController();
  setTimeout(() => emitEvent({ data }, { type: 'volume', action: 'create', id: 'first' }), 20);
  for await (const { id } of readEvents({ data }, { follow: true, signal: end.signal, notice: () => {} })) {
    assert.is(id, 'first');
    end.abort();
  }
});

test.run();
