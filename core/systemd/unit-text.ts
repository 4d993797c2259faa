import { quoteLine, quoteWord } from './quote.ts';

/** What is in a generated unit. Words of commands are as a shell would have them after splitting. */
export interface UnitParts {
  name: string;
  description: string;
  header: string | undefined;
  after: readonly string[];
  requires: readonly string[];
  wants: readonly string[];
  environment: readonly string[];
  restart: string;
  /** Seconds. */
  restartSeconds: number | undefined;
  startTimeout: number | undefined;
  stopTimeout: number;
  directory: string | undefined;
  /** Each may fail. */
  before: readonly (readonly string[])[];
  start: readonly string[];
  stop: readonly string[];
  /** May fail. */
  afterStop: readonly string[];
}

/** Time for what is to be done when the container has got its time to stop. */
const REST_SECONDS = 60;

function line(key: string, value: string | number | undefined): string {
  return value === undefined || value === '' ? '' : `${key}=${value}\n`;
}

/**
 * The text of a unit whose main process is the container's monitor: it is told by sd_notify(3), and its exit status is the
 * container's. The container is in the unit's own group, so that nothing of it can stay.
 */
export function unitText(parts: UnitParts): string {
  const { after, requires, wants, environment } = parts;
  return [
    parts.header === undefined ? '' : `# ${parts.name}\n# ${parts.header}\n\n`,
    '[Unit]\n',
    line('Description', parts.description.replaceAll('%', '%%')),
    line('After', after.join(' ')),
    line('Requires', requires.join(' ')),
    line('Wants', wants.join(' ')),
    '\n[Service]\n',
    line('Type', 'notify'),
    line('NotifyAccess', 'all'),
    line('Delegate', 'yes'),
    line('Environment', 'TSC_POD_SYSTEMD_UNIT=%n'),
    ...environment.map((variable) => line('Environment', quoteWord(variable).replaceAll('$$', '$'))),
    line('Restart', parts.restart),
    line('RestartSec', parts.restartSeconds),
    line('TimeoutStartSec', parts.startTimeout),
    line('TimeoutStopSec', parts.stopTimeout + REST_SECONDS),
    line('WorkingDirectory', parts.directory && quoteWord(parts.directory)),
    ...parts.before.map((words) => line('ExecStartPre', `-${quoteLine(words)}`)),
    line('ExecStart', quoteLine(parts.start)),
    line('ExecStop', quoteLine(parts.stop)),
    line('ExecStopPost', `-${quoteLine(parts.afterStop)}`),
    line('KillMode', 'mixed'),
    line('SuccessExitStatus', 143), // the end by SIGTERM is what was asked for
    '\n[Install]\n',
    line('WantedBy', 'default.target'),
  ].join('');
}
