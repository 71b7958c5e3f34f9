import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { hasCode } from './file-system.js';
import { firstDifference, showValue } from './first-difference.js';
import { rewindMetrics } from './metric-files.js';
import { takeLock } from './run-lock.js';
import { noteVersion, versionHint } from './run-version.js';

/** Options of {@link openRunDirectory}. */
export interface OpenRunDirectoryOptions {
  /** Created when absent. */
  directory: string;
  /** The resolved configuration; it is written to `config.json`. */
  config: unknown;
  /** Continue a run that is already there. Without it, a folder that holds a run is an error. */
  resume: boolean;
  /**
   * Dotted keys that may differ from the run that is continued; `*` stands for one part. @default those of a search agent's recipe that
   * cannot change results
   */
  mayChange?: readonly string[];
}

/** An open run directory, locked for this process. */
export interface RunDirectory {
  /** Absolute path. */
  path: string;
  /** True when an earlier run is continued. */
  resumed: boolean;
  /** The configuration without the keys that a resume may change: equal for every attempt of a run. */
  lastingConfig: unknown;
  /** 1 for the first process that works on this run. */
  attempt: number;
  /** One JSON line per step: `{"stage","step",…}`. The same seed gives the same bytes. */
  metricsPath: string;
  /** Rates and wall times, in the same form. */
  timingsPath: string;
  /** Folder for trajectories in JSONL. */
  tracesPath: string;
  /** Folder of the TensorBoard event files. */
  tensorboardPath: string;
  /** Folder of this attempt's logs and of its `engine.json`: what it computed with; `logs/latest` points to it. */
  logsPath: string;
  /** Folder of the checkpoints of a stage. */
  checkpointsPath(stage: string): string;
  /** Cuts metrics and timings of a stage back to a checkpoint's step (0: the stage starts afresh). */
  rewind(options: { stage: string; step: number }): void;
  /** Gives the lock back. */
  close(): void;
}

const resumable = [
  'outputDir',
  'workers',
  'tracking',
  'retriever.maxErrorRate',
  'stages.*.rl.saveSteps',
  'stages.*.rl.saveTotalLimit',
  ...['kind', 'url', 'queue', 'artifactsHost', 'artifactsPort'].map((key) => `rollouts.${key}`),
  ...['maxTries', 'lateFactor', 'lateMinimum', 'workerTimeout'].map((key) => `rollouts.${key}`),
];

/**
 * Opens `outputs/<name>/` with `config.json`, `metrics.jsonl`, `timings.jsonl`, `traces/`, `tensorboard/`, `logs/attempt_<n>/`
 * and a lock, so that two processes cannot work on one run.
 *
 * @throws {ConfigError} when another process uses it, when it holds a run and `resume` is false, or when the configuration of the
 *   run to continue is another one (the message names the first key that differs)
 */
export function openRunDirectory(options: OpenRunDirectoryOptions): RunDirectory {
  const path = resolve(options.directory);
  const mayChange = options.mayChange ?? resumable;
  makeFolder(path);
  const configPath = join(path, 'config.json');
  const release = openLock(path);
  try {
    const resumed = existsSync(configPath);
    if (resumed && !options.resume) {
      throw new ConfigError('holds a run already; add --resume to continue it, or choose another output folder', {
        where: path,
      });
    }
    // A run that was begun and not written down has neither file.
    const writer = noteVersion(join(path, 'version.json'));
    if (resumed) {
      compareConfig({ path: configPath, config: options.config, mayChange, hint: versionHint(writer) });
    }
    writeFileSync(`${configPath}.tmp`, `${JSON.stringify(options.config, null, 2)}\n`);
    renameSync(`${configPath}.tmp`, configPath);
    const metricsPath = join(path, 'metrics.jsonl');
    const timingsPath = join(path, 'timings.jsonl');
    const tracesPath = join(path, 'traces');
    const tensorboardPath = join(path, 'tensorboard');
    for (const folder of [tracesPath, tensorboardPath]) mkdirSync(folder, { recursive: true });
    const attempt = nextAttempt(join(path, 'logs'));
    return {
      path,
      resumed,
      lastingConfig: withoutKeys(options.config, mayChange),
      attempt,
      metricsPath,
      timingsPath,
      tracesPath,
      tensorboardPath,
      logsPath: join(path, 'logs', `attempt_${attempt}`),
      checkpointsPath: (stage) => join(path, 'checkpoints', stage),
      rewind: ({ stage, step }) => {
        for (const file of [metricsPath, timingsPath]) rewindMetrics({ path: file, stage, step });
      },
      close: release,
    };
  } catch (error) {
    release();
    throw writable(error, path);
  }
}

/** The error, in plain words where the folder cannot be written. */
function writable(error: unknown, path: string): unknown {
  if (!hasCode(error, 'EROFS', 'EACCES', 'EPERM')) return error;
  return new ConfigError('is read-only; make it writable, or choose another output folder', {
    where: path,
    cause: error,
  });
}

function openLock(path: string): () => void {
  try {
    return takeLock(join(path, 'run.lock'));
  } catch (error) {
    throw writable(error, path);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new ConfigError('cannot create this folder; is the place writable?', { where: path, cause });
  }
}

function nextAttempt(logs: string): number {
  mkdirSync(logs, { recursive: true });
  const attempts = readdirSync(logs).map((name) => Number(/^attempt_(\d+)$/.exec(name)?.[1] ?? 0));
  const attempt = Math.max(0, ...attempts) + 1;
  mkdirSync(join(logs, `attempt_${attempt}`));
  const latest = join(logs, 'latest');
  rmSync(latest, { force: true, recursive: true });
  try {
    symlinkSync(`attempt_${attempt}`, latest, 'dir');
  } catch {
    // Windows allows links only to some users: a file with the name does as well.
    writeFileSync(latest, `attempt_${attempt}\n`);
  }
  return attempt;
}

function compareConfig(options: { path: string; config: unknown; mayChange: readonly string[]; hint: string }): void {
  const { path, config, mayChange, hint } = options;
  let before: unknown;
  try {
    before = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError('is damaged; restore it or choose another output folder', { where: path, cause });
  }
  const after: unknown = JSON.parse(JSON.stringify(config));
  const difference = firstDifference({ left: before, right: after, mayChange });
  if (difference === undefined) return;
  const { key, left, right } = difference;
  throw new ConfigError(
    `the run here has ${key}: ${showValue(left)}, not ${showValue(right)}${hint}; resume with the same recipe, or choose another output folder`,
    { where: path },
  );
}

/** A configuration without some of its dotted keys. */
function withoutKeys(config: unknown, keys: readonly string[], prefix = ''): unknown {
  if (!isObject(config)) return config;
  const lasting = Object.entries(config).filter(([name]) => !keys.includes(`${prefix}${name}`));
  return Object.fromEntries(lasting.map(([name, value]) => [name, withoutKeys(value, keys, `${prefix}${name}.`)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
