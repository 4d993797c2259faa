import { familiarName, parseReference } from '../core/reference.ts';

/** An image's name as people say it: `alpine:latest` for docker.io/library/alpine:latest. */
export function familiarImage(name: string): string {
  try {
    const reference = parseReference(name);
    return reference.kind === 'registry' ? familiarName(reference) : name;
  } catch {
    return name;
  }
}
