import { hostPlatform } from '../platform.ts';

/** Set by the build; a program that runs from its sources has none. */
declare const VERSION: string | undefined;

export interface VersionReport {
  Version: string;
  /** Of the Node inside. */
  NodeVersion: string;
  Os: string;
  Arch: string;
  OsArch: string;
}

export function versionReport(): VersionReport {
  const { os, architecture } = hostPlatform();
  return {
    Version: typeof VERSION === 'string' ? VERSION : '0.0.0-source',
    NodeVersion: process.versions.node,
    Os: os,
    Arch: architecture,
    OsArch: `${os}/${architecture}`,
  };
}
