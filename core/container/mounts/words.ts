/** The words that mount options are made of; mount(8), podman-run(1). */

/** What a bind mount takes as it is. */
const ACCESS = new Set([
  ...['ro', 'nosuid', 'nodev', 'noexec', 'suid', 'dev', 'exec', 'noatime', 'relatime', 'nodiratime'],
]);
const PROPAGATION = new Set([
  ...['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'],
]);
/** SELinux's relabelling has no meaning without SELinux, and Docker's consistency none outside of macOS. */
const WITHOUT_EFFECT = new Set(['rw', 'z', 'Z', 'copy', 'delegated', 'cached', 'consistent', 'default']);

export const isAccess = (word: string): boolean => ACCESS.has(word);
export const isPropagation = (word: string): boolean => PROPAGATION.has(word);
export const isWithoutEffect = (word: string): boolean => WITHOUT_EFFECT.has(word);

/** The options of a bind: recursive unless told, and private. */
export function bindOptions(words: readonly string[]): string[] {
  const options = [...words];
  if (!options.includes('bind') && !options.includes('rbind')) options.unshift('rbind');
  if (!options.some(isPropagation)) options.push('rprivate');
  return options;
}
