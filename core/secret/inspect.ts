import { readSecretData, type SecretPaths, type SecretRecord } from './store.ts';

/** What `secret inspect` shows: podman's fields. `show`: with the secret itself. */
export function inspectSecret(
  paths: SecretPaths,
  secret: SecretRecord,
  show: boolean,
): Record<string, unknown> {
  const { id, name, created, updated, labels } = secret;
  return {
    ID: id,
    CreatedAt: created,
    UpdatedAt: updated,
    Spec: {
      Name: name,
      Driver: { Name: 'file', Options: { path: paths.secrets } },
      Labels: labels,
    },
    ...(show && { SecretData: readSecretData(paths, name)?.toString() ?? '' }),
  };
}
