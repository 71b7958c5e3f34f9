import {
  type ChatMessage,
  ConfigError,
  createRandom,
  DatasetError,
  isDgpoError,
  ModelError,
  openJsonLinesWriter,
  readJsonLines,
  type Task,
} from '@dgpo/trajectory';
import { requireCount } from '../require-options.js';
import type { TextGenerator } from './server-text-generator.js';

/** What a teacher thinks about one question, a line of the file. */
export interface ChainOfThought {
  taskId: string;
  question: string;
  /** Null when the teacher did not answer. */
  text: string | null;
  /** Why not. */
  error?: string;
}

export interface CollectChainsOfThoughtOptions {
  /** JSONL, one {@link ChainOfThought} a line. What stands there is not asked for again, except failures. */
  path: string;
  generate: TextGenerator;
  tasks: readonly Task[];
  /** @default chainOfThoughtMessages */
  messages?: (task: Task) => ChatMessage[];
  /** @default 4096 */
  maxTokens?: number;
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** @default 42 */
  seed?: number;
  /**
   * Further attempts at a question after an empty answer, each with a seed of its own. What `generate` throws ends the question: a generator
   * for a server makes attempts of its own.
   * @default 5
   */
  retries?: number;
  /** Questions asked at a time. @default 8 */
  concurrency?: number;
  /** Questions in a row that may fail; then the teacher counts as gone. @default 5 */
  maxFailuresInARow?: number;
  /** After every question. */
  onProgress?: (progress: { questions: number; totalQuestions: number; failed: number }) => void;
  /** Aborting rejects with the signal's reason; what is in the file stays. */
  signal?: AbortSignal | undefined;
}

/** Asks for reasoning step by step, a blank line between steps, and the answer in `<answer>` (a formula in `\boxed{}`). */
export function chainOfThoughtMessages({ question }: Pick<Task, 'question'>): ChatMessage[] {
  const content = [
    'Work out the answer to the question below. Reason step by step, with a blank line between the steps.',
    'Then give the answer alone between <answer> and </answer>; if it is a formula or a number, inside \\boxed{}.',
    `\nQuestion: ${question}`,
  ].join('\n');
  return [{ role: 'user', content }];
}

function readRecord(value: unknown, where: string): ChainOfThought {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { taskId, question, text, error } = fields;
  if (typeof taskId !== 'string' || typeof question !== 'string' || (typeof text !== 'string' && text !== null)) {
    throw new DatasetError('expected taskId, question and text of a chain of thought', { where });
  }
  return { taskId, question, text, ...(typeof error === 'string' ? { error } : {}) };
}

/** The chains of thought of a file by task id; of several lines of a task the last one counts. @throws DatasetError */
export async function readChainsOfThought(path: string): Promise<Map<string, ChainOfThought>> {
  const chains = new Map<string, ChainOfThought>();
  let record = 0;
  for await (const value of readJsonLines(path)) {
    record += 1;
    const chain = readRecord(value, `${path}, record ${record}`);
    chains.set(chain.taskId, chain);
  }
  return chains;
}

/** How questions are asked. */
type Asking = Required<
  Pick<
    CollectChainsOfThoughtOptions,
    'generate' | 'messages' | 'maxTokens' | 'temperature' | 'seed' | 'retries' | 'concurrency'
  >
>;

async function askFor(task: Task, asking: Asking, signal: AbortSignal): Promise<ChainOfThought> {
  const { generate, messages, maxTokens, temperature, retries } = asking;
  const random = createRandom(asking.seed);
  const { id: taskId, question } = task;
  for (let attempt = 0; attempt <= retries; attempt++) {
    signal.throwIfAborted();
    const seed = random.split(taskId, attempt).integer(2 ** 31);
    try {
      const { text } = await generate({ messages: messages(task), maxTokens, temperature, seed, signal });
      if (text.trim() !== '') return { taskId, question, text };
    } catch (thrown) {
      signal.throwIfAborted();
      if (isDgpoError(thrown) && thrown.code === 'CONFIG_ERROR') throw thrown;
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      return { taskId, question, text: null, error };
    }
  }
  return { taskId, question, text: null, error: 'the answer is empty' };
}

/** The answers in the order of the tasks, some of them asked for ahead. */
async function* askAll(
  tasks: Iterable<Task>,
  asking: Asking,
  outer: AbortSignal | undefined,
): AsyncGenerator<ChainOfThought> {
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, ...(outer === undefined ? [] : [outer])]);
  const waiting = tasks[Symbol.iterator]();
  const pending: Promise<ChainOfThought>[] = [];
  try {
    while (true) {
      while (pending.length < asking.concurrency) {
        const { value: task, done } = waiting.next();
        if (done) break;
        const asked = askFor(task, asking, signal);
        // Who waits for it sees its rejection; nobody may be left to wait.
        asked.catch(() => undefined);
        pending.push(asked);
      }
      const first = pending.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    controller.abort(new Error('no longer needed'));
  }
}

/**
 * Asks a teacher for a chain of thought for every question, correct or not, into a file; an interrupted run goes on where the file ends.
 * A question that fails is a line with its error, and asked again by the next run. Lines stand in the order of the tasks.
 * @returns the chains of thought of these tasks by id
 * @throws ConfigError for options out of range, DatasetError for a file that is none or belongs to other questions and when two tasks share
 * an id, ModelError when too many questions in a row fail, and the signal's reason
 */
export async function collectChainsOfThought(
  options: CollectChainsOfThoughtOptions,
): Promise<Map<string, ChainOfThought>> {
  const { path, tasks, generate, messages = chainOfThoughtMessages, maxFailuresInARow = 5, onProgress } = options;
  const { maxTokens = 4096, temperature = 0, seed = 42, retries = 5, concurrency = 8 } = options;
  requireCount('concurrency', concurrency);
  requireCount('maxFailuresInARow', maxFailuresInARow);
  requireCount('maxTokens', maxTokens);
  requireCount('retries', retries + 1);
  if (!(temperature >= 0)) throw new ConfigError(`expected 0 or more, found ${temperature}`, { where: 'temperature' });
  const writer = await openJsonLinesWriter({ path, append: true });
  try {
    const known = await readChainsOfThought(path);
    const chains = new Map<string, ChainOfThought>();
    const open = new Map<string, Task>();
    for (const task of tasks) {
      const { id, question } = task;
      const chain = known.get(id);
      if (chains.has(id) || open.has(id)) {
        throw new DatasetError('two tasks have this id', { where: `task ${id}` });
      }
      if (chain !== undefined && chain.question !== question) {
        throw new DatasetError(`it has another question for task ${id}; use a new file`, { where: path });
      }
      if (chain?.text == null) open.set(id, task);
      else chains.set(id, chain);
    }
    let failed = 0;
    let failuresInARow = 0;
    const asking = { generate, messages, maxTokens, temperature, seed, retries, concurrency };
    for await (const chain of askAll(open.values(), asking, options.signal)) {
      await writer.write(chain);
      chains.set(chain.taskId, chain);
      failuresInARow = chain.text === null ? failuresInARow + 1 : 0;
      failed += chain.text === null ? 1 : 0;
      onProgress?.({ questions: chains.size, totalQuestions: tasks.length, failed });
      if (failuresInARow >= maxFailuresInARow) {
        throw new ModelError(`${failuresInARow} questions in a row failed, the last one with: ${chain.error}`, {
          where: `chain of thought of task ${chain.taskId}`,
        });
      }
    }
    return chains;
  } finally {
    await writer.close();
  }
}
