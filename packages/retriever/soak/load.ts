import { isDeepStrictEqual } from 'node:util';
import { createRandom, isDgpoError, type Random } from '@dgpo/trajectory';
import { createCircuitBreaker } from '../src/client/circuit-breaker.js';
import { createRetrieverClient } from '../src/client/create-retriever-client.js';
import type { Retriever } from '../src/retriever.js';
import { type Question, topK } from './world.js';

/** What became of the calls; the first four add up to `started`. */
export interface Tally {
  started: number;
  right: number;
  wrong: number;
  /** A RetrieverError, as promised. */
  failed: number;
  /** Another error, or none within the longest time a call may take. */
  lost: number;
  /** Replies by status, over all attempts. */
  statuses: Record<string, number>;
  reasons: Record<string, number>;
}

/** Longest time of a call, and how much later a test without mercy calls it lost. */
const deadline = 8000;
const mercy = 20_000;

export function createTally(): Tally {
  return { started: 0, right: 0, wrong: 0, failed: 0, lost: 0, statuses: {}, reasons: {} };
}

const increment = (counts: Record<string, number>, name: string) => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** The client under test; `fetch` is the real one, its replies counted. */
export function createSoakClient(
  tally: Tally,
  { url, seed, maxConcurrent }: { url: string; seed: number; maxConcurrent: number },
): Retriever {
  return createRetrieverClient({
    url,
    timeout: 1200,
    retries: 3,
    backoff: 20,
    maxDelay: 300,
    deadline,
    maxConcurrent,
    circuitBreaker: createCircuitBreaker({ failures: 10, cooldown: 200 }),
    random: createRandom(seed).split('soak-client'),
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      increment(tally.statuses, String(response.status));
      return response;
    },
  });
}

/** What kind of failure a message tells of, without its figures and addresses. */
const kindOf = (message: string) =>
  /(not asked|deadline|status \d+|no answer within|bad reply|refused|[A-Z]{5,}|terminated|other side|socket)/.exec(
    message,
  )?.[1] ?? message;

/** One call, judged. */
export async function call(tally: Tally, retriever: Retriever, questions: readonly Question[]): Promise<void> {
  tally.started += 1;
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<'lost'>((resolve) => {
    timer = setTimeout(resolve, deadline + mercy, 'lost');
  });
  try {
    const queries = questions.map(({ query }) => query);
    const answers = await Promise.race([retriever.retrieve({ queries, topK }), never]);
    if (answers === 'lost') tally.lost += 1;
    else if (
      isDeepStrictEqual(
        answers,
        questions.map(({ expected }) => expected),
      )
    )
      tally.right += 1;
    else tally.wrong += 1;
  } catch (error) {
    const isPromised = isDgpoError(error) && error.code === 'RETRIEVER_ERROR';
    tally[isPromised ? 'failed' : 'lost'] += 1;
    increment(tally.reasons, kindOf(error instanceof Error ? error.message : String(error)));
  } finally {
    clearTimeout(timer);
  }
}

/** One to four questions. */
export const pickQuestions = (random: Random, questions: readonly Question[]): Question[] =>
  Array.from({ length: 1 + random.integer(4) }, () => random.pick(questions));
