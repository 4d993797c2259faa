/** `doctor`: everything that tsc-pod needs of the system, each with the command that mends it. */

import type { Check, CheckFunction, DoctorHost } from './check.ts';
import { devices, overlay, programs } from './devices.ts';
import { idHelpers, idRanges } from './ids.ts';
import { kernelVersion, seccompFilters } from './kernel.ts';
import { cgroupDelegation } from './limits.ts';
import { pasta, publishedPorts } from './networks.ts';
import { dataDirectory, linger, runtimeDirectory } from './places.ts';
import { userNamespaces } from './user-namespaces.ts';

/** In the order in which a start would meet them. */
const CHECKS: CheckFunction[] = [
  kernelVersion,
  dataDirectory,
  runtimeDirectory,
  userNamespaces,
  idRanges,
  idHelpers,
  overlay,
  devices,
  programs,
  pasta,
  publishedPorts,
  cgroupDelegation,
  seccompFilters,
  linger,
];

export interface Diagnosis {
  /** Containers can run. */
  ok: boolean;
  checks: Check[];
}

export async function diagnose(host: DoctorHost): Promise<Diagnosis> {
  const checks: Check[] = [];
  for (const check of CHECKS) checks.push(...[await check(host)].flat());
  return { ok: checks.every(({ status }) => status !== 'fail'), checks };
}
