/** The one error of the registry client. Its texts name hosts and repositories, never a query, header or secret. */

import { type ErrorDetail, PodError } from '../error.ts';

export interface RegistryErrorDetail extends ErrorDetail {
  /** HTTP status of the answer; undefined where there was none. */
  status?: number | undefined;
  /** "localhost:5000". */
  registry: string;
  /** "library/alpine"; undefined for what is not about one. */
  repository?: string | undefined;
  /** distribution-spec, "Error Codes": "BLOB_UPLOAD_UNKNOWN", as the registry says. */
  codes?: readonly string[];
  /** Trying again may help. */
  transient?: boolean;
  /** Milliseconds that the registry asks to wait first. */
  retryAfter?: number | undefined;
}

export class RegistryError extends PodError {
  readonly status: number | undefined;
  readonly registry: string;
  readonly repository: string | undefined;
  readonly codes: readonly string[];
  readonly transient: boolean;
  readonly retryAfter: number | undefined;

  constructor(detail: RegistryErrorDetail) {
    super(detail);
    this.status = detail.status;
    this.registry = detail.registry;
    this.repository = detail.repository;
    this.codes = detail.codes ?? [];
    this.transient = detail.transient ?? false;
    this.retryAfter = detail.retryAfter;
  }
}
