/**
 * A registry in memory that keeps to the letter of the distribution-spec 1.1 where Debian's is more generous or knows
 * less: what arrived of a broken upload stays, pieces must fit, bodies may be limited.
 */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MemoryRegistry {
  /** "127.0.0.1:41234" */
  readonly host: string;
  /** By digest. */
  readonly blobs: Map<string, Buffer>;
  /** By "repository:tag" and "repository:digest". */
  readonly manifests: Map<string, Buffer>;
  /** Uploads that were begun and neither completed nor cancelled. */
  readonly uploads: Map<string, Buffer>;
  /** "PATCH 0-99", "PUT", "POST mount", … in the order they came. */
  readonly requests: string[];
  /** Cuts the connection once, when so many bytes of a blob have arrived. */
  cutAt: number | undefined;
  /** Refuses larger bodies (413). */
  mostBytes: number;
  forget(): void;
  stop(): Promise<void>;
}

export async function startMemoryRegistry(): Promise<MemoryRegistry> {
  let count = 0;
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://registry');
    const [, repository = '', kind, rest = ''] =
      /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    const range = request.headers['content-range'];
    const { method = '' } = request;
    registry.requests.push([method, kind, ...(range ? [range] : [])].join(' '));
    const end = (status: number, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end();
    if (kind === undefined) return end(200);
    if (Number(request.headers['content-length'] ?? 0) > registry.mostBytes) return end(413);
    if (kind === 'manifests' && method === 'PUT') {
      const bytes = await bodyOf(request);
      registry.manifests.set(`${repository}:${rest}`, bytes);
      return end(201, { 'docker-content-digest': digestOf(bytes) });
    }
    if (method === 'HEAD') return end(registry.blobs.has(rest) ? 200 : 404);
    if (method === 'POST') {
      const id = `upload-${++count}`;
      registry.uploads.set(id, Buffer.alloc(0));
      return end(202, { location: `${id}?session=${count}` }); // relative to /v2/…/blobs/uploads/
    }
    const id = rest.replace('uploads/', '');
    const there = registry.uploads.get(id);
    if (there === undefined) return end(404);
    const location = `/v2/${repository}/blobs/uploads/${id}?session=again`;
    const state = (): Record<string, string> => {
      const { length } = registry.uploads.get(id)!;
      return { location, range: `0-${Math.max(0, length - 1)}` };
    };
    if (method === 'GET') return end(204, state());
    if (method === 'DELETE') {
      registry.uploads.delete(id);
      return end(204);
    }
    const from = range === undefined ? 0 : Number(range.split('-')[0]);
    if (method === 'PATCH' && from !== there.length) return end(416, state());
    for await (const chunk of request) {
      const all = Buffer.concat([registry.uploads.get(id)!, chunk as Buffer]);
      registry.uploads.set(id, all);
      if (registry.cutAt !== undefined && all.length >= registry.cutAt) {
        registry.cutAt = undefined;
        return void request.socket.destroy();
      }
    }
    if (method === 'PATCH') return end(202, state());
    const whole = registry.uploads.get(id)!;
    const digest = url.searchParams.get('digest') ?? '';
    registry.uploads.delete(id);
    if (digestOf(whole) !== digest) {
      response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'DIGEST_INVALID' }] }));
      return;
    }
    registry.blobs.set(digest, whole);
    end(201);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: MemoryRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs: new Map(),
    manifests: new Map(),
    uploads: new Map(),
    requests: [],
    cutAt: undefined,
    mostBytes: Number.POSITIVE_INFINITY,
    forget() {
      for (const kept of [registry.blobs, registry.manifests, registry.uploads]) kept.clear();
      registry.requests.length = 0;
      registry.cutAt = undefined;
      registry.mostBytes = Number.POSITIVE_INFINITY;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return registry;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
