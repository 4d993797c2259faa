/** The kind of file system a directory is on, and what can be built on it: statfs(2), overlayfs.rst. */

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Magic numbers of statfs(2) for what matters here; others are shown in hexadecimal. */
const KINDS: Record<number, string> = {
  26985: 'nfs',
  19780: 'vfat',
  61267: 'ext4',
  61791: 'ecryptfs',
  12805120: 'ceph',
  16914836: 'tmpfs',
  16914839: '9p',
  198183888: 'lustre',
  538032816: 'exfat',
  801189825: 'zfs',
  1196443219: 'gpfs',
  1382369651: 'reiserfs',
  1397113167: 'afs',
  1397118030: 'ntfs',
  1481003842: 'xfs',
  1702057286: 'fuse',
  2035054128: 'overlay',
  2435016766: 'btrfs',
  3393526350: 'bcachefs',
  4076150800: 'f2fs',
  4266872130: 'smb',
  4283649346: 'cifs',
};

/** These refuse to be the writable layer: they lack whiteouts, extended attributes, or are remote. */
const NO_KERNEL_UPPER = new Set([
  'nfs',
  'vfat',
  'exfat',
  'ntfs',
  'ecryptfs',
  '9p',
  'afs',
  'ceph',
  'lustre',
  'gpfs',
  'fuse',
  'overlay',
  'smb',
  'cifs',
]); /** fuse-overlayfs needs owners and modes that stick, and devices or names for whiteouts. */
const NO_FUSE_UPPER = new Set(['nfs', 'vfat', 'exfat', 'ntfs', 'smb', 'cifs']);

/** The file system of `path`, or of the nearest directory above it that exists. */
export function fileSystemOf(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { type } = statfsSync(at);
      return KINDS[type >>> 0] ?? `0x${(type >>> 0).toString(16)}`;
    } catch {
      if (at === dirname(at)) return 'unknown';
    }
  }
}

export function canHoldUpper(kind: string, driver: 'overlay' | 'fuse-overlayfs'): boolean {
  return !(driver === 'overlay' ? NO_KERNEL_UPPER : NO_FUSE_UPPER).has(kind);
}
