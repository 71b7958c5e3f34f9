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

/** An action that waits for a place. */
interface Waiter {
  key: string;
  go(place: Place): void;
}

/** So often in a row may others be served before the one that has waited longest. */
const maxPassed = 32;

/** @throws ConfigError for a size out of range */
export function createInterpreterPool(options: {
  /** Starts an interpreter, such as {@link createPythonInterpreter}. */
  start: () => Promise<CodeInterpreter>;
  /**
   * Processes at a time; they start when they are needed. With fewer than there are episodes at a time, most actions play the earlier
   * steps of their episode again. @default 2
   */
  size?: number;
}): InterpreterPool {
  const { start, size = 2 } = options;
  if (!Number.isInteger(size) || size < 1) {
    throw new ConfigError(`expected at least 1, found ${size}`, { where: 'size' });
  }
  const idle: Place[] = Array.from({ length: size }, () => ({ interpreter: null, key: null, usedAt: 0 }));
  const waiting: Waiter[] = [];
  const busy = new Set<Place>();
  let passed = 0;
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
  /** Who finds its steps held goes first, else who has waited longest. */
  const nextWaiter = () => {
    const [first] = waiting;
    const held = waiting.find(({ key }) => idle.some((place) => rank(place, key) === 0));
    const next = passed < maxPassed ? (held ?? first) : first;
    passed = next === first ? 0 : passed + 1;
    return next;
  };
  const serve = () => {
    while (idle.length > 0) {
      const waiter = nextWaiter();
      if (waiter === undefined) return;
      waiting.splice(waiting.indexOf(waiter), 1);
      const { key } = waiter;
      const [place] = [...idle].sort((a, b) => rank(a, key) - rank(b, key) || a.usedAt - b.usedAt);
      if (place === undefined) return;
      idle.splice(idle.indexOf(place), 1);
      busy.add(place);
      waiter.go(place);
    }
  };
  // A moment later: by then all actions of a batch are there to choose from, and the next action of the episode that has just run.
  const serveSoon = () => setImmediate(serve);
  const take = (key: string): Promise<Place> =>
    new Promise((go) => {
      waiting.push({ key, go });
      serveSoon();
    });
  const giveBack = (place: Place) => {
    busy.delete(place);
    place.usedAt = ++uses;
    idle.push(place);
    serveSoon();
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
