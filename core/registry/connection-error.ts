/** What went wrong with a connection, in words: each cause with its way out. */

import { errnoOf } from '../error.ts';
import { printable } from '../reference.ts';
import { RegistryError } from './error.ts';

/** Errors of the network that may pass by themselves. */
const PASSING = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT']);

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be resolved now: is the network up?',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not trusted',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not take this client certificate',
  ERR_SSL_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not take this client certificate',
  ERR_PROXY_TUNNEL: 'the proxy refuses to connect',
};

/** A RegistryError for a request or an answer that broke off. */
export function connectionError(error: unknown, url: URL): RegistryError {
  if (error instanceof RegistryError) return error;
  const registry = url.host;
  // With several addresses Node reports an AggregateError without a text of its own.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const errno = errnoOf(first) ?? errnoOf(error) ?? '';
  const cut = errno === '' && first instanceof Error && first.message === 'aborted';
  return new RegistryError({
    code: 'network',
    message: `cannot talk to registry ${registry}`,
    why: wordsFor(cut ? 'ECONNRESET' : errno, first),
    ...hintFor(errno, registry),
    registry,
    transient: cut || PASSING.has(errno),
    cause: error,
  });
}

function wordsFor(errno: string, error: unknown): string {
  const known = WORDS[errno];
  if (known !== undefined) return known;
  if (isNoTls(errno)) return 'it does not speak TLS';
  if (/CERT|ISSUER/.test(errno)) return `its certificate cannot be verified (${errno})`;
  return printable(error instanceof Error ? error.message : String(error), 200);
}

function isNoTls(errno: string): boolean {
  return (
    errno === 'EPROTO' || /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)/.test(errno)
  );
}

function hintFor(errno: string, registry: string): { hint?: string } {
  if (errno === 'ENOTFOUND' || errno === 'ENETUNREACH')
    return { hint: 'is the name right, and this machine online? A proxy is taken from HTTPS_PROXY' };
  if (isNoTls(errno)) {
    return {
      hint: `if it has plain HTTP only, use --tls-verify=false or mark it insecure in registries.conf`,
    };
  }
  if (errno === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') {
    return {
      hint: `put it and its key into ~/.config/containers/certs.d/${registry}/client.cert and client.key`,
    };
  }
  if (/CERT|ISSUER|VERIFY/.test(errno)) {
    return { hint: `put the authority's certificate into ~/.config/containers/certs.d/${registry}/ca.crt` };
  }
  return {};
}

/** The other end is silent for too long. `doing` says during what: "connecting", "receiving", "answering", "sending". */
export function timeoutError(url: URL, doing: string, milliseconds: number): RegistryError {
  const seconds = Math.round(milliseconds / 100) / 10;
  return new RegistryError({
    code: 'network',
    message: `cannot talk to registry ${url.host}`,
    why: `it was silent for ${seconds} s while ${doing}`,
    hint: 'TSC_POD_REGISTRY_TIMEOUT=SECONDS sets how long to wait',
    registry: url.host,
    // What has begun to arrive may be resumed; what never answered has had its time.
    transient: doing === 'sending' || doing === 'receiving',
  });
}
