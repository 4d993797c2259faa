/** Thrown by `skip`; the runner counts the test as skipped. */
export class Skipped extends Error {
  override name = 'Skipped';
}

/**
 * Leaves the running test: `skip('the kernel has no overlay in user namespaces')`.
 * The run fails unless test/expected-skips.json allows this test to be skipped for this reason.
 */
export function skip(why: string): never {
  throw new Skipped(why);
}
