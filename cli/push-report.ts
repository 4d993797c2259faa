import type { SendProgress } from '../core/images/push/send-image.ts';
import type { PodContext } from './command.ts';
import { isTerminal } from './output/color.ts';
import { type Progress, showProgress } from './output/progress.ts';

export interface PushReport {
  onProgress(progress: SendProgress): void;
  end(): void;
}

/**
 * Shows a push: bars on a terminal (standard error before standard output). Where standard output is none, it gets one
 * line for each layer when it is there, as docker's does; retries are talk.
 */
export function reportPush({ stdout, stderr }: Pick<PodContext, 'stdout' | 'stderr'>): PushReport {
  const bars = isTerminal(stderr) ? stderr : isTerminal(stdout) ? stdout : undefined;
  const drawn = bars && showProgress(bars);
  const lines = isTerminal(stdout) ? undefined : showProgress(stdout);
  const talk = drawn === undefined ? showProgress(stderr) : undefined;
  const shown: Progress[] = [drawn, lines, talk].filter((one) => one !== undefined);
  return {
    onProgress({ of, kind, ...rest }) {
      const layer = { ...rest, kind: kind === 'exists' ? ('present' as const) : kind };
      if (kind === 'retry') return (drawn ?? talk)?.onProgress(layer);
      if (of === 'config') return;
      drawn?.onProgress(layer);
      lines?.onProgress(layer);
    },
    end() {
      for (const one of shown) one.end();
    },
  };
}
