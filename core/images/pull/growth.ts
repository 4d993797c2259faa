/** How far a file is that is being written: one writes, and those who read it follow. */

export interface Growth {
  /** Bytes that can be read. */
  readonly bytes: number;
  /** Nothing more comes: all is there, or with `error` it never will be. */
  readonly ending: { readonly error?: unknown } | undefined;
  /** Called at each change, until what it gives is called. */
  watch(listener: () => void): () => void;
}

export interface GrowthReport extends Growth {
  grow(bytes: number): void;
  end(): void;
  fail(error: unknown): void;
}

export function reportGrowth(bytes = 0): GrowthReport {
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  let known = bytes;
  let ending: Growth['ending'];
  return {
    get bytes() {
      return known;
    },
    get ending() {
      return ending;
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    grow(now) {
      known = now;
      tell();
    },
    end() {
      ending ??= {};
      tell();
    },
    fail(error) {
      ending = { error };
      tell();
    },
  };
}

/** Resolves when there is more than `bytes`, or nothing more to come. */
export function growthBeyond(growth: Growth, bytes: number): Promise<void> {
  if (growth.bytes > bytes || growth.ending !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = growth.watch(() => {
      if (growth.bytes <= bytes && growth.ending === undefined) return;
      stop();
      resolve();
    });
  });
}
