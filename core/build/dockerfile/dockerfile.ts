/**
 * What a Dockerfile says (Docker's Dockerfile reference), as data. Words are as written, with quotes, escapes and
 * variables, where the reference expands them: `resolve.ts` does that, when a step's environment is known.
 */

/** Lines of the file, counted from 1, both included. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** Comments `# key=value` at the very top. */
export interface Directives {
  /** The frontend that is asked for. It is not fetched: this parser is the only one. */
  readonly syntax?: string;
  readonly escape: Escape;
  readonly check?: CheckDirective;
}

export type Escape = '\\' | '`';

/** `# check=skip=A,B;error=true` */
export interface CheckDirective {
  /** Names of rules, as written; `all` skips every one. */
  readonly skip: readonly string[];
  readonly experimental: readonly string[];
  /** Warnings make the build fail. */
  readonly error: boolean;
  readonly line: LineRange;
}

export interface Dockerfile {
  /** As errors call it: "Dockerfile". */
  readonly name: string;
  readonly text: string;
  readonly directives: Directives;
  /** ARGs before the first FROM: only FROM lines see them, and stages that declare them anew. */
  readonly globalArgs: readonly ArgInstruction[];
  /** At least one. */
  readonly stages: readonly Stage[];
  /** Lines that continue an instruction and are empty, the first of each: what NoEmptyContinuation tells of. */
  readonly emptyContinuations: readonly LineRange[];
  /** The comment in the line above an ARG or FROM, by its first line. */
  readonly descriptions: ReadonlyMap<number, string>;
}

export interface Stage {
  /** From 0; `COPY --from=0` means it. */
  readonly index: number;
  /** Lower case; undefined without AS. */
  readonly name?: string;
  readonly from: FromInstruction;
  /** Without the FROM. */
  readonly instructions: readonly Instruction[];
}

/** `{form: 'exec'}` is a JSON list; a shell form is one line, which the stage's SHELL gets as its last argument. */
export type Command =
  | { readonly form: 'exec'; readonly argv: readonly string[] }
  | { readonly form: 'shell'; readonly line: string };

export interface Heredoc {
  /** Of the word that ends it: `EOF`; the name of the file that COPY makes. */
  readonly name: string;
  /** Unless the name was quoted: for COPY and ADD variables in it are expanded (a shell does it itself for RUN). */
  readonly expand: boolean;
  /** `<<-`: tabs at the beginnings of lines are taken off; `content` still has them, `heredocText` gives it without. */
  readonly chomp: boolean;
  /** `2` in `2<<EOF`; undefined is 0. */
  readonly fileDescriptor?: number;
  /** With the line break of each line; "" when there is no line. */
  readonly content: string;
}

/** `--mount=` of RUN, before its variables are expanded: `parseRunMount` then makes it a RunMount. */
export interface MountFlag {
  /** As written: `type=cache,target=/x`. */
  readonly text: string;
  /** A stage, an index, an image or a build context. No variables are expanded in it (BuildKit refuses them). */
  readonly from?: string;
}

/** A mount of a RUN step; absolute or, for `target`, below the step's working directory. */
export type RunMount =
  | {
      readonly type: 'bind';
      readonly target: string;
      /** In `from`; "/" by default. */
      readonly source: string;
      /** Undefined is the build's context. */
      readonly from?: string;
      /** What is written is thrown away. */
      readonly writable: boolean;
    }
  | {
      readonly type: 'cache';
      readonly target: string;
      /** By default the target's path. */
      readonly id: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      /** What the cache begins with. */
      readonly from?: string;
      readonly source: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly readOnly: boolean;
    }
  | { readonly type: 'tmpfs'; readonly target: string /** Bytes. */; readonly size?: number }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** `/run/secrets/ID` by default, unless there is `env` and no target. */
      readonly target?: string;
      /** A variable that holds it. */
      readonly env?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      /** "default" by default. */
      readonly id: string;
      /** The socket; `/run/buildkit/ssh_agent.N` by default (undefined here). */
      readonly target?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

interface Common {
  readonly line: LineRange;
  /** Its lines joined, without comments and heredocs, in the writer's spelling: `run  echo  a`. */
  readonly original: string;
  /** As typed: `Run`. */
  readonly keyword: string;
  readonly heredocs: readonly Heredoc[];
}

export interface FromInstruction extends Common {
  readonly kind: 'FROM';
  /** With its variables: an image, a stage's name, `scratch`. */
  readonly image: string;
  readonly platform?: string;
  /** As typed; the stage's name is its lower case. */
  readonly as?: string;
}

export interface RunInstruction extends Common {
  readonly kind: 'RUN';
  readonly command: Command;
  readonly mounts: readonly MountFlag[];
  readonly network?: 'default' | 'none' | 'host';
  readonly security?: 'sandbox' | 'insecure';
}

export interface CmdInstruction extends Common {
  readonly kind: 'CMD' | 'ENTRYPOINT';
  readonly command: Command;
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

export interface PairsInstruction extends Common {
  readonly kind: 'ENV' | 'LABEL';
  readonly pairs: readonly Pair[];
  /** `ENV a b c`: one pair without `=`. */
  readonly legacy: boolean;
}

export interface ArgInstruction extends Common {
  readonly kind: 'ARG';
  readonly args: readonly { readonly key: string; readonly value?: string }[];
}

export interface MaintainerInstruction extends Common {
  readonly kind: 'MAINTAINER';
  readonly maintainer: string;
}

export interface ExposeInstruction extends Common {
  readonly kind: 'EXPOSE';
  /** `80`, `80/tcp`, `8000-8010/udp`; after `resolve` each is one or a range that `exposedPorts` reads. */
  readonly ports: readonly string[];
}

interface Transfer extends Common {
  /** At least one, or a heredoc. */
  readonly sources: readonly TransferSource[];
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly exclude: readonly string[];
}

/** A path (or, for ADD, an address), or a file whose content is in the Dockerfile. */
export type TransferSource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'inline'; readonly heredoc: Heredoc };

export interface CopyInstruction extends Transfer {
  readonly kind: 'COPY';
  /** A stage, an index, an image or a build context; undefined is the build's context. */
  readonly from?: string;
  readonly parents: boolean;
}

export interface AddInstruction extends Transfer {
  readonly kind: 'ADD';
  /** `sha256:...` */
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  /** Undefined: local archives are unpacked, downloaded ones aren't. */
  readonly unpack?: boolean;
}

export interface VolumeInstruction extends Common {
  readonly kind: 'VOLUME';
  readonly paths: readonly string[];
}

export interface UserInstruction extends Common {
  readonly kind: 'USER';
  readonly user: string;
}

export interface WorkdirInstruction extends Common {
  readonly kind: 'WORKDIR';
  /** As written; relative ones are below the one before. */
  readonly path: string;
}

export interface OnbuildInstruction extends Common {
  readonly kind: 'ONBUILD';
  /** What the image's config keeps, and `parseTrigger` reads. */
  readonly text: string;
  readonly trigger: Instruction;
}

export interface StopsignalInstruction extends Common {
  readonly kind: 'STOPSIGNAL';
  readonly signal: string;
}

export interface HealthcheckInstruction extends Common {
  readonly kind: 'HEALTHCHECK';
  /** As in the image's config; times in nanoseconds, what wasn't given is undefined. */
  readonly check: {
    /** ["NONE"], ["CMD", ...argv] or ["CMD-SHELL", line]. */
    readonly Test: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly StartInterval?: number;
    readonly Retries?: number;
  };
}

export interface ShellInstruction extends Common {
  readonly kind: 'SHELL';
  readonly shell: readonly string[];
}

export type Instruction =
  | FromInstruction
  | RunInstruction
  | CmdInstruction
  | PairsInstruction
  | ArgInstruction
  | MaintainerInstruction
  | ExposeInstruction
  | CopyInstruction
  | AddInstruction
  | VolumeInstruction
  | UserInstruction
  | WorkdirInstruction
  | OnbuildInstruction
  | StopsignalInstruction
  | HealthcheckInstruction
  | ShellInstruction;

export type InstructionKind = Instruction['kind'];
