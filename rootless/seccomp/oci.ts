/** The `linux.seccomp` object of an OCI runtime config (config-linux.md, "Seccomp"). */
export interface OciSeccomp {
  /** SCMP_ACT_*: what becomes of a call that no rule is about. */
  defaultAction: string;
  /** The errno of a default action ERRNO; EPERM where it is missing. */
  defaultErrnoRet?: number;
  /** SCMP_ARCH_*: whose calls are filtered by these rules. The machine's own always are. */
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  syscalls?: OciSyscallRule[];
}

export interface OciSyscallRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: OciSyscallArg[];
}

/** One comparison; a number that a double can't hold exactly is a bigint (see exact-json.ts). */
export interface OciSyscallArg {
  /** 0 to 5 */
  index: number;
  /** What to compare with; for SCMP_CMP_MASKED_EQ the mask. */
  value: number | bigint;
  /** For SCMP_CMP_MASKED_EQ: what the masked argument must be. */
  valueTwo?: number | bigint;
  op: string;
}
