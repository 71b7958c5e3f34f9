import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { ConfigError, EnvironmentError } from '@dgpo/trajectory';
import { type Child, startChild } from './child-process.js';
import type { CodeInterpreter, CodeLanguage, CodeLimits } from './code-interpreter.js';
import { defaultLimits, runAction } from './run-action.js';

/** Starting takes seconds of processor time, and minutes only on a machine that does not get on at all. */
const startTimeout = 300_000;

/** The same for what takes milliseconds. */
const restTimeout = 60_000;

/** @throws ConfigError for a limit out of range */
export function readLimits(limits: CodeLimits): Required<CodeLimits> {
  const all = { ...defaultLimits, ...limits };
  for (const [where, value] of Object.entries(all)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ConfigError(`expected a whole number of at least 1, found ${value}`, { where });
    }
  }
  if (all.memory < 64 || all.memory > 2048) {
    throw new ConfigError(`expected 64 to 2048 MB, found ${all.memory}`, { where: 'memory' });
  }
  const most = 250_000;
  for (const where of ['maxOutput', 'maxValue'] as const) {
    if (all[where] > most) throw new ConfigError(`expected at most ${most}, found ${all[where]}`, { where });
  }
  return all;
}

/** The folder of an optional package. @throws ConfigError where it is not installed */
export function findPackage(name: string, versions: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (cause) {
    throw new ConfigError(`the package ${name} is not installed; add it with: npm install ${name}@${versions}`, {
      where: 'code interpreter',
      cause,
    });
  }
}

/** The interpreter of a script of this package, started and waiting. */
export async function startInterpreter(options: {
  language: CodeLanguage;
  script: string;
  readable: readonly string[];
  limits: Required<CodeLimits>;
  setup: Record<string, unknown>;
}): Promise<CodeInterpreter & { fingerprint(): Promise<string> }> {
  const { language, script, readable, limits, setup } = options;
  const child: Child = startChild({ script, readable, memory: limits.memory });
  let busy = false;

  const ask = async (type: string, timeout: number): Promise<unknown> => {
    const timer = setTimeout(() => child.kill(), timeout);
    try {
      if (type !== 'ready') child.send({ type });
      const reply = await child.receive();
      if (reply.type === 'refused') throw new ConfigError(String(reply.message), { where: 'imports' });
      if (reply.type !== type) {
        throw new EnvironmentError(`expected ${type}, it sent ${reply.type} ${reply.message ?? ''}`, { where: script });
      }
      return reply.value;
    } finally {
      clearTimeout(timer);
    }
  };
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy) throw new EnvironmentError('an interpreter runs one action at a time', { where: language });
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  };

  child.send({ type: 'setup', ...setup, memoryBytes: limits.memory * 2 ** 20 });
  try {
    await ask('ready', startTimeout);
  } catch (error) {
    child.kill();
    throw error;
  }
  return {
    language,
    get alive() {
      return child.alive;
    },
    run: (run) => alone(() => runAction(child, limits, run)),
    reset: async () => {
      await alone(() => ask('reset', restTimeout));
    },
    fingerprint: () => alone(async () => String(await ask('fingerprint', restTimeout))),
    close: async () => {
      child.kill();
      await child.exited;
    },
  };
}
