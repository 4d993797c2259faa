/**
 * What docker or podman has and tsc-pod has not (README.md says why): what to do instead, for who types it. undefined:
 * the word is in none of them, or there is nothing to say.
 */
export function insteadOf(word: string): string | undefined {
  switch (word) {
    case 'compose':
      return 'one tsc-pod run for each service: those of one network know each other by name (tsc-pod network create)';
    case 'context':
    case 'machine':
      return 'leave it out: there is no daemon and no virtual machine, containers run here and as you';
    case 'checkpoint':
    case 'restore':
      return 'tsc-pod commit keeps the files: CRIU, which keeps processes, needs root';
    case 'mount':
    case 'umount':
    case 'unmount':
      return 'tsc-pod cp CONTAINER:/path .   # a mount of a container would be gone with the command that made it';
    case 'service': // of Swarm, and podman system service
      return 'there is no daemon and no Swarm: tsc-pod run --restart always keeps a container up';
    case 'node':
    case 'stack':
    case 'swarm':
      return 'there is no Swarm: tsc-pod run --restart always keeps a container up';
    case 'kube':
    case 'play':
      return 'tsc-pod pod create, then tsc-pod run --pod   # YAML of Kubernetes is not read yet';
    case '--builder':
    case '--isolation':
      return 'leave it out: there is one builder, and each step is a container';
    case '--call':
      return '--check   # shows what --call=check would';
    case '--gpus':
      return '--device /dev/NAME   # gives a device of the host';
    case '--link':
      return '--network NAME   # containers of one network know each other by name';
    case '--runtime':
      return 'leave it out: tsc-pod is the runtime';
    case '--cpu-rt-period':
    case '--cpu-rt-runtime':
    case '--kernel-memory':
    case '--memory-swappiness':
      return 'leave it out: cgroup v2 has no such limit';
    default:
      return undefined;
  }
}
