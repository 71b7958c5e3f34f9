import { createHash } from 'node:crypto';
import { ConfigError, EnvironmentError } from '@dgpo/trajectory';
import type { CodeInterpreter, CodeResult, CodeTool } from './code-interpreter.js';
import { type CodeStep, replay } from './replay.js';

/** Interpreters that many episodes share, one episode each at a time. */
export interface InterpreterPool {
  /**
   * Runs an action of the episode that these steps have led to. The interpreter that holds them goes on; where it is gone or busy,
   * another one is reset and plays them again.
   * @throws EnvironmentError when the interpreter dies or cannot play the steps again; what a tool throws as an error of this project
   */
  run(options: {
    steps: readonly CodeStep[];
    code: string;
    tools: readonly CodeTool[];
    signal?: AbortSignal | undefined;
  }): Promise<CodeResult>;
  /** Ends all processes. */
  close(): Promise<void>;
}

interface Place {
  interpreter: CodeInterpreter | null;
  /** Of the steps that it holds; null when unknown. */
  key: string | null;
  usedAt: number;
}

const keyOf = (steps: readonly CodeStep[]) =>
  createHash('sha256')
    .update(JSON.stringify(steps.map(({ code, calls }) => [code, calls])))
    .digest('hex');

const cleanKey = keyOf([]);

/** @throws ConfigError for a size out of range */
export function createInterpreterPool(options: {
  /** Starts an interpreter, such as {@link createPythonInterpreter}. */
  start: () => Promise<CodeInterpreter>;
  /** Processes at a time; they start when they are needed. @default 2 */
  size?: number;
}): InterpreterPool {
  const { start, size = 2 } = options;
  if (!Number.isInteger(size) || size < 1) {
    throw new ConfigError(`expected at least 1, found ${size}`, { where: 'size' });
  }
  const idle: Place[] = Array.from({ length: size }, () => ({ interpreter: null, key: null, usedAt: 0 }));
  const waiting: ((place: Place) => void)[] = [];
  const busy = new Set<Place>();
  let uses = 0;
  let closed = false;

  const checkOpen = () => {
    if (closed) throw new EnvironmentError('the pool is closed', { where: 'interpreters' });
  };
  /** Best is the one that holds the steps, then a clean one, then one that has not started, then the one that waited longest. */
  const rank = (place: Place, key: string) => {
    if (place.interpreter?.alive !== true) return 2;
    return place.key === key ? 0 : place.key === cleanKey ? 1 : 3;
  };
  const take = async (key: string): Promise<Place> => {
    const [best] = [...idle].sort((a, b) => rank(a, key) - rank(b, key) || a.usedAt - b.usedAt);
    const place = best ?? (await new Promise<Place>((resolve) => waiting.push(resolve)));
    if (best !== undefined) idle.splice(idle.indexOf(best), 1);
    busy.add(place);
    return place;
  };
  const giveBack = (place: Place) => {
    busy.delete(place);
    place.usedAt = ++uses;
    const next = waiting.shift();
    if (next === undefined) idle.push(place);
    else next(place);
  };

  return {
    async run({ steps, code, tools, signal }) {
      const key = keyOf(steps);
      const place = await take(key);
      try {
        checkOpen();
        signal?.throwIfAborted();
        if (place.interpreter?.alive !== true) {
          place.interpreter = await start();
          place.key = cleanKey;
          // It may have been closed meanwhile.
          if (closed) await place.interpreter.close();
          checkOpen();
        }
        const { interpreter } = place;
        const holds = place.key === key;
        place.key = null;
        if (!holds) await replay({ interpreter, steps, tools, signal });
        const result = await interpreter.run({ code, tools, signal });
        place.key = result.lost ? cleanKey : keyOf([...steps, { code, calls: result.calls }]);
        return result;
      } finally {
        giveBack(place);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...idle, ...busy].map(({ interpreter }) => interpreter?.close()));
    },
  };
}
