/** An image with every odd entry, from a registry through archives and other tools, and back: the same file by file. */

import * as assert from 'uvu/assert';
import {
  fromSkopeo,
  identityOf,
  listMerged,
  oddLayers,
  throughOurselves,
  throughPodman,
  throughUmoci,
} from './archive-lab.ts';
import { mirrorDockerHub, podOk, startRegistry, test } from './harness/index.ts';

const ODD = 'docker.io/library/odd:1';
const NOT_SPARSE = 'docker.io/library/not-sparse:1';

test.before(async () => {
  const registry = await startRegistry();
  mirrorDockerHub(registry);
  const digest = await registry.push('library/odd:1', { layers: oddLayers({ withSparse: true }) });
  await registry.push('library/not-sparse:1', { layers: oddLayers({ withSparse: false }) });
  for (const name of [ODD, NOT_SPARSE]) await podOk(['pull', '-q', name]);
  assert.is((await identityOf(ODD)).digest, digest);
  await registry.stop();
});

test('the odd image is as it was made', async () => {
  const listing = await listMerged(await identityOf(ODD));
  for (const line of [
    'f 644 1000:50 1700000000.1234567890 3 5 ./plain ',
    'f 644 0:0 -31536000.5000000000 1 3 ./before-1970 ',
    'f 0 0:0 0.0000000000 1 6 ./no-mode ',
    'd 0 7:8 0.0000000000 ./closed',
    'f 4755 0:0 0.0000000000 1 10 ./su ',
    'f 644 0:0 0.0000000000 1 5242884 ./holes ',
    'user.bytes=0x000102ff0a',
    'security.capability=0x0100000200200000000000000000000000000000',
  ])
    assert.ok(listing.includes(`${line}\n`), `${line}\n${listing}`);
  assert.not.match(listing, /d\/gone|opaque\/hidden/);
});

test('save and load keep the manifest, the config, and every file', () =>
  throughOurselves(ODD, 'docker-archive', 'oci-archive'));

test('podman loads what was saved, and what it saves then is loaded', () => throughPodman(NOT_SPARSE));

test('skopeo copies what was saved, and umoci unpacks that', () => throughUmoci(ODD));

test('an archive of skopeo is loaded', () => fromSkopeo(ODD));

test.run();
