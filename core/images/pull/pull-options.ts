/** What a pull is told. */

import type { Credentials } from '../../config/credentials.ts';
import type { Environment } from '../../config/read-config.ts';
import type { ChooseName } from '../../config/short-names.ts';
import type { Platform } from '../../platform.ts';
import type { RetryPolicy } from '../../registry/retry.ts';
import type { StorePaths } from '../layout.ts';
import type { Namespace } from '../unpack/apply-job.ts';
import type { LayerProgress } from './fetch-layer.ts';

/** `newer`: always, but what is in the store will do when the registry can't be asked. */
export type PullPolicy = 'always' | 'missing' | 'never' | 'newer';

export interface PullOptions {
  readonly paths: StorePaths;
  /** How layers are unpacked; made only when that is to be done. */
  readonly namespace: () => Namespace | Promise<Namespace>;
  readonly env: Environment;
  /** `missing` unless told. */
  readonly policy?: PullPolicy;
  /** --platform; this machine's where undefined. */
  readonly platform?: Platform | undefined;
  /** Gives it no name: `resolveNameless` finds it. */
  readonly nameless?: boolean | undefined;
  /** --tls-verify: false takes any certificate and plain HTTP, true neither, whatever registries.conf says. */
  readonly tlsVerify?: boolean | undefined;
  /** --cert-dir: takes the place of certs.d. */
  readonly certDir?: string | undefined;
  /** --signature-policy: takes the place of policy.json. */
  readonly signaturePolicy?: string | undefined;
  /** --creds: takes the place of what auth files say, but not for mirrors at another host. */
  readonly credentials?: Credentials | undefined;
  /** Asks a person where a short name is to be looked for. */
  readonly choose?: ChooseName | undefined;
  readonly onProgress?: (progress: LayerProgress) => void;
  /** One line to a person: a mirror that failed, say. */
  readonly onNotice?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: RetryPolicy | undefined;
}
