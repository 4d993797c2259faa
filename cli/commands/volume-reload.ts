import { PodCommand } from '../command.ts';

/** podman asks its volume plugins what they have. Here there is nobody to ask, and nothing kept in memory. */
export class VolumeReload extends PodCommand {
  static override usage = { description: 'No effect: volumes are looked up each time' };

  async execute(): Promise<number> {
    return 0;
  }
}
