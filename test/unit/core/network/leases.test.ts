import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { giveAddresses, leaseFile, leases, releaseAddress } from '../../../../core/network/leases.ts';
import { discardNetwork } from '../../../../core/network/remove.ts';
import { makeNetwork, type NetworkRecord, networkDirectory } from '../../../../core/network/store.ts';
import { emptyPaths, refusal } from '../container/fixtures.ts';

const paths = emptyPaths();
const [one, two, three] = ['1'.repeat(64), '2'.repeat(64), '3'.repeat(64)];
const network: NetworkRecord = {
  id: 'a'.repeat(64),
  name: 'net',
  created: '2026-01-02T03:04:05.678Z',
  driver: 'bridge',
  subnets: [{ subnet: '10.1.2.0/29', gateway: '10.1.2.1' }],
  internal: false,
  ipv6: false,
  dns: true,
  labels: {},
  options: {},
};
makeNetwork(paths, network);
const home = (id: string): string => join(paths.containers, id);
const come = (id: string): void => void mkdirSync(home(id), { recursive: true });
const give = (id: string, ...asked: string[]): string[] => giveAddresses(paths, network, id, asked);

test('each container has another address, and keeps what it asks for', () => {
  for (const id of [one, two, three]) come(id);
  assert.equal(give(one), ['10.1.2.2/29']);
  assert.equal(give(two), ['10.1.2.3/29']);
  assert.equal(give(three, '10.1.2.6'), ['10.1.2.6/29']);
  assert.match(
    refusal(() => give(two, '10.1.2.6')),
    'container 333333333333 has it',
  );
});

test('a container that ends late gives back nothing that another one has meanwhile', () => {
  const itsOwn = leaseFile(paths, 'net', '10.1.2.2/29', one); // by which its monitor gives it back, rootless/plan.ts
  rmdirSync(home(one)); // it is in the trash now
  assert.equal(leases(paths, 'net').get('10.1.2.2'), undefined);
  const next = '4'.repeat(64);
  come(next);
  assert.equal(give(next), ['10.1.2.2/29']);
  rmSync(itsOwn, { force: true });
  releaseAddress(paths, 'net', '10.1.2.2/29', one);
  assert.is(leases(paths, 'net').get('10.1.2.2'), next);
});

test('what a killed process has left of an address is in nobody’s way', () => {
  const left = join(networkDirectory(paths, 'net'), 'leases/10.1.2.4');
  mkdirSync(left);
  assert.equal(give(one), ['10.1.2.4/29']);
  for (const [address, id] of leases(paths, 'net')) releaseAddress(paths, 'net', address, id);
  mkdirSync(left);
  assert.ok(discardNetwork(paths, network));
});

test('who comes when the network has just been removed leaves nothing that would keep its name', () => {
  const removed = 'not-found: cannot give an address of network net: it is being removed';
  assert.is(
    refusal(() => give(one)),
    removed,
  );
  assert.ok(makeNetwork(paths, network));
  rmdirSync(join(networkDirectory(paths, 'net'), 'leases')); // by who was killed then
  assert.is(
    refusal(() => give(one)),
    removed,
  );
  assert.ok(discardNetwork(paths, network));
  assert.ok(makeNetwork(paths, network));
  assert.equal(give(one), ['10.1.2.2/29']);
});

test.run();
