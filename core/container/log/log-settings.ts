import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import { parseSize } from '../flags/size.ts';
import type { ContainerOptions } from '../options.ts';
import type { ContainerRecord, LogSettings } from '../record.ts';
import { containerDirectory } from '../store.ts';

const DRIVERS = ['k8s-file', 'json-file', 'journald', 'none', 'passthrough'] as const;
const DEFAULT_SIZE = 10 << 20;
const DEFAULT_FILES = 3;
const FILES_MAX = 1000; // each is renamed at each rotation

/** Where journald takes messages: systemd's native protocol. */
export const JOURNAL_SOCKET = '/run/systemd/journal/socket';

/** The keys of --log-opt and the drivers that know them. */
const KEYS: Record<string, readonly LogSettings['driver'][]> = {
  'max-size': ['k8s-file', 'json-file', 'journald', 'none', 'passthrough'],
  'max-file': ['k8s-file', 'json-file', 'journald', 'none', 'passthrough'],
  path: ['k8s-file', 'json-file'],
  tag: ['k8s-file', 'json-file', 'journald'],
  labels: ['k8s-file', 'json-file', 'journald'],
  env: ['k8s-file', 'json-file', 'journald'],
};

/** The file that the container's output goes to, where its driver writes one. */
export function logPath(paths: Paths, { id, log }: Pick<ContainerRecord, 'id' | 'log'>): string {
  return log.path ?? join(containerDirectory(paths, id), 'log');
}

/** What a container is told by to those who read its log. */
export interface LogSubject {
  id: string;
  name: string;
  image: { name: string; id: string };
  labels: Readonly<Record<string, string>>;
  /** NAME=VALUE words. */
  env: readonly string[];
}

/**
 * Where the output goes. In the foreground, a container that is removed at its end (--rm) and has no terminal keeps
 * no log unless asked: its streams are the caller's own, at the kernel's speed.
 */
export function logSettings(
  options: Pick<ContainerOptions, 'logDriver' | 'logOpt' | 'rm' | 'detach' | 'tty'>,
  subject?: LogSubject,
): LogSettings {
  const driver = driverOf(options);
  if (driver === 'passthrough' && options.tty)
    throw new PodError({ code: 'usage', message: '--log-driver passthrough and --tty exclude each other' });
  if (driver === 'journald' && !existsSync(JOURNAL_SOCKET)) {
    throw new PodError({
      code: 'unsupported',
      message: 'cannot log to journald',
      why: `there is none at ${JOURNAL_SOCKET}`,
      hint: '--log-driver k8s-file   # is the default',
    });
  }
  const settings: LogSettings = { driver, maxSize: DEFAULT_SIZE, maxFiles: DEFAULT_FILES };
  for (const word of options.logOpt) applyOption(settings, word, subject);
  return settings;
}

function driverOf(
  options: Pick<ContainerOptions, 'logDriver' | 'rm' | 'detach' | 'tty'>,
): LogSettings['driver'] {
  const asked = options.logDriver;
  const quiet = options.rm && !options.detach && !options.tty;
  if (asked === undefined) return quiet ? 'passthrough' : 'k8s-file';
  const driver = DRIVERS.find((known) => known === asked);
  if (driver) return driver;
  throw new PodError({
    code: 'usage',
    message: `no log driver ${JSON.stringify(asked)}`,
    hint: `--log-driver takes ${DRIVERS.join(', ')}`,
  });
}

function applyOption(settings: LogSettings, word: string, subject: LogSubject | undefined): void {
  const equals = word.indexOf('=');
  const key = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? '' : word.slice(equals + 1);
  if (!Object.hasOwn(KEYS, key) || !KEYS[key]?.includes(settings.driver))
    throw unusable(word, settings.driver);
  if (key === 'max-size') settings.maxSize = value === '-1' ? 0 : parseSize(value, '--log-opt max-size');
  else if (key === 'max-file') settings.maxFiles = filesOf(word, value);
  else if (value === '') throw unusable(word, settings.driver);
  else if (key === 'path') settings.path = resolve(value);
  else if (subject) settings.attributes = { ...settings.attributes, ...attributesOf(key, value, subject) };
}

function filesOf(word: string, value: string): number {
  if (/^[1-9]\d*$/.test(value) && Number(value) <= FILES_MAX) return Number(value);
  throw new PodError({
    code: 'usage',
    message: `cannot use --log-opt ${word}`,
    hint: `--log-opt max-file takes a number from 1 to ${FILES_MAX}`,
  });
}

function unusable(word: string, driver: LogSettings['driver']): PodError {
  const keys = Object.keys(KEYS).filter((key) => KEYS[key]!.includes(driver));
  return new PodError({
    code: 'usage',
    message: `cannot use --log-opt ${word}`,
    hint: `with --log-driver ${driver} it takes ${keys.join(', ')}, each with =VALUE`,
  });
}

/** Docker's: `labels` and `env` are lists of names, `tag` is a text with fields in it. */
function attributesOf(key: string, value: string, subject: LogSubject): Record<string, string> {
  if (key === 'tag') return { tag: tagOf(value, subject) };
  const env = Object.fromEntries(subject.env.map((word) => word.split(/=(.*)/s, 2) as [string, string]));
  const known: Readonly<Record<string, string>> = key === 'labels' ? subject.labels : env;
  const names = value.split(',').filter((name) => Object.hasOwn(known, name));
  return Object.fromEntries(names.map((name) => [name, known[name]!]));
}

function tagOf(text: string, { id, name, image }: LogSubject): string {
  const fields: Record<string, string> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageName: image.name,
    ImageID: image.id.slice(0, 12),
    ImageFullID: image.id,
    DaemonName: 'tsc-pod',
  };
  return text.replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (whole, word: string) => {
    const field = fields[word.replace(/^\./, '')];
    if (word.startsWith('.') && field !== undefined) return field;
    throw new PodError({
      code: 'usage',
      message: `there is no ${whole} for --log-opt tag`,
      hint: `the fields are ${Object.keys(fields)
        .map((known) => `{{.${known}}}`)
        .join(' ')}`,
    });
  });
}

/**
 * What journald gets with each message, podman's and docker's names. Attributes are in upper case, and what can't be
 * in the name of a field is `_`, as docker has it.
 */
export function journalFields({
  id,
  name,
  image,
  log,
}: Pick<ContainerRecord, 'id' | 'name' | 'image' | 'log'>): string[] {
  const { tag, ...others } = log.attributes ?? {};
  const fields: [string, string][] = [
    ['CONTAINER_ID', id.slice(0, 12)],
    ['CONTAINER_ID_FULL', id],
    ['CONTAINER_NAME', name],
    ['CONTAINER_TAG', tag ?? id.slice(0, 12)],
    ['IMAGE_NAME', image.name],
    ['SYSLOG_IDENTIFIER', tag ?? name],
    ...Object.entries(others).map(([key, value]): [string, string] => [fieldName(key), value]),
  ];
  return fields.filter(([key]) => key !== '').map(([key, value]) => `${key}=${value}`);
}

function fieldName(key: string): string {
  return key
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '')
    .slice(0, 64);
}
