import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostRootNotice } from '../../../../../core/container/copy/host-root.ts';
import { mergeCapabilities } from '../../../../../rootless/capabilities.ts';

const range = (host: number) => [{ container: 0, host, size: 65536 }];
const maps = (host: number) => ({ uid: range(host), gid: range(host), helpers: undefined, oneIdOnly: false });
const privileged = mergeCapabilities({ privileged: true });
const initial = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));

test("a container whose root is a user's is not warned of", () => {
  assert.is(hostRootNotice(maps(1000), privileged), undefined);
});

test("a container of root's with the default capabilities is not warned of", () => {
  assert.is(hostRootNotice(maps(0), mergeCapabilities({})), undefined);
});

test("a privileged container of root's is warned of where its ids are the host's", () => {
  const notice = hostRootNotice(maps(0), privileged);
  if (initial) assert.match(notice ?? '', 'can take over the host');
  else assert.is(notice, undefined);
});

test.run();
