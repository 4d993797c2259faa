import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PodEvent } from '../../../../core/events/event-line.ts';
import { type EventFilter, eventMatches } from '../../../../core/events/matches.ts';

const about = { from: undefined, scope: 'local', time: 1, timeNano: 1n };
const container: PodEvent = {
  ...about,
  type: 'container',
  action: 'exec_start: sh -c x',
  id: 'beef12',
  from: 'docker.io/library/alpine:3.20',
  attributes: { image: 'docker.io/library/alpine:3.20', name: 'web', tier: 'front', pod: 'p1' },
};
const image: PodEvent = {
  ...about,
  type: 'image',
  action: 'delete',
  id: 'sha256:abc123',
  attributes: { name: 'alpine:latest' },
};

const yes = (event: PodEvent, key: EventFilter, values: string[]) => {
  for (const value of values) assert.is(eventMatches(event, key, value), true, `${key}=${value}`);
};
const no = (event: PodEvent, key: EventFilter, values: string[]) => {
  for (const value of values) assert.is(eventMatches(event, key, value), false, `${key}=${value}`);
};

test('a container is meant by its name, its id and an id’s beginning', () => {
  yes(container, 'container', ['web', 'beef12', 'bee']);
  no(container, 'container', ['we', 'eef', '', 'BEEF12']);
  no(image, 'container', ['abc123', 'alpine:latest']);
});

test('an action is meant by its first word, and by podman’s word', () => {
  yes(container, 'event', ['exec_start', 'exec_start: sh -c x', 'exec']);
  no(container, 'event', ['exec_die', 'start', '']);
  yes(image, 'event', ['delete', 'remove']);
  yes({ ...container, action: 'die' }, 'event', ['die', 'died']);
  yes({ ...container, action: 'destroy' }, 'event', ['destroy', 'remove']);
});

test('an image is meant by every name that people give it, in its own events and in its containers’', () => {
  yes(container, 'image', ['alpine:3.20', 'alpine', 'docker.io/library/alpine:3.20', 'library/alpine:3.20']);
  no(container, 'image', ['alpine:latest', 'alp', 'web', '']);
  yes(image, 'image', ['sha256:abc123', 'abc', 'alpine:latest', 'alpine']);
  no(image, 'image', ['abd', 'alpine:3']);
});

test('labels, type, pod and scope', () => {
  yes(container, 'label', ['tier', 'tier=front']);
  no(container, 'label', ['tier=back', 'tie', 'constructor']);
  yes(container, 'type', ['container']);
  no(container, 'type', ['image', 'cont']);
  yes(container, 'pod', ['p1']);
  no(container, 'pod', ['web']);
  no(container, 'volume', ['web']);
  yes(container, 'scope', ['local']);
});

test.run();
