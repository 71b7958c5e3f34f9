import {
  contextTokenIds,
  createSearchEnvironment,
  type Environment,
  type EpisodeState,
  type GenerateResult,
  type Policy,
  parseAction,
} from '@dgpo/envs';
import { createRandom, type Task } from '@dgpo/trajectory';
import type { SearchSettings } from './environment-settings.js';
import { freeCache, policyFor } from './episodes-job.js';
import type { JobContext } from './jobs.js';

/** One question to answer from given passages. */
export interface ReadRequest {
  task: Task;
  /** Contents of the gold passages, in the order in which they are shown. */
  passages: readonly string[];
  /** The turn in which the policy itself searched first. @default a search for the question */
  searchTokenIds?: readonly number[];
}

/** Answers questions from given passages: the ARC components source referencing and thinking. */
export interface ReadJob {
  kind: 'read';
  policy: { model: string; name?: string };
  /** Folder of the tokenizer. */
  tokenizer: string;
  environment: SearchSettings;
  requests: readonly ReadRequest[];
  /** True: reason first, after an opened think tag. False: answer at once, after an empty thought and an opened answer tag. */
  think: boolean;
  /** 0 is greedy. */
  temperature: number;
  seed: number;
  batchSize: number;
}

interface Reading {
  id: string;
  task: Task;
  environment: Environment;
  state: EpisodeState;
}

/**
 * The episode once its first search has brought the gold passages: prompt, search and observation as the environment writes them.
 * Policies that learned from episodes have never seen passages without a search before them. Every further search brings the same
 * passages, which may fill the whole rest of the context.
 */
async function startReading(policy: Policy, job: ReadJob, request: ReadRequest, id: string): Promise<Reading> {
  const { task, passages, searchTokenIds } = request;
  const documents = passages.map((contents, index) => ({ document: { id: String(index), contents }, score: 0 }));
  const { kind: _, ...rules } = job.environment;
  const environment = createSearchEnvironment({
    ...rules,
    retriever: { retrieve: async ({ queries }) => queries.map(() => documents) },
    topK: Math.max(1, documents.length),
    maxSearches: Math.max(1, job.environment.maxSearches),
    maxObservationTokens: job.environment.maxContextTokens,
  });
  const asked = environment.start({ task, tokenizer: policy });
  const tag = (name: string) => policy.encode(name, { allowSpecial: true });
  const ids = searchTokenIds ?? [...tag('<search>'), ...policy.encode(task.question), ...tag('</search>')];
  return advance(policy, { id, task, environment, state: asked }, [...ids]);
}

/** The reading after a turn of these tokens. */
async function advance(policy: Policy, reading: Reading, tokenIds: number[]): Promise<Reading> {
  const { environment, state } = reading;
  if (state.next === null) return reading;
  const text = policy.decode(tokenIds);
  const completion = { tokenIds, logProbs: tokenIds.map(() => 0), text, finishReason: 'stop' as const };
  const [next = state] = await environment.step({ turns: [{ state, completion }], tokenizer: policy });
  return { ...reading, state: next };
}

/** One turn in each reading that is not over; what is opened counts as written by the policy. */
async function takeTurns(options: {
  policy: Policy;
  job: ReadJob;
  readings: readonly Reading[];
  openedIds: readonly number[];
}): Promise<GenerateResult[]> {
  const { policy, job, readings, openedIds } = options;
  const random = createRandom(job.seed).split('read', job.think ? 1 : 0);
  const results = await policy.generate(
    readings.map(({ id, task, state }) => ({
      id,
      contextTokenIds: [...contextTokenIds(state), ...openedIds],
      maxTokens: Math.max(0, (state.next?.maxTokens ?? 0) - openedIds.length),
      temperature: job.temperature,
      stop: ['</search>', '</answer>'],
      random: random.split(task.id, state.turn),
    })),
  );
  return results.map((result) => ({ ...result, tokenIds: [...openedIds, ...result.tokenIds] }));
}

/** The answers in order, an empty string where the policy gave none; an answer is what the environment takes for one. */
export async function runReadJob(context: JobContext, job: ReadJob): Promise<string[]> {
  const policy = await policyFor(context, job);
  let readings = await Promise.all(
    job.requests.map((request, index) => startReading(policy, job, request, `read ${index}`)),
  );
  const answers = readings.map(() => '');
  let openedIds = policy.encode(job.think ? '<think>' : '<think></think><answer>', { allowSpecial: true });
  do {
    const waiting = readings.flatMap((reading, index) => (reading.state.next === null ? [] : [{ reading, index }]));
    if (waiting.length === 0) break;
    const results = await takeTurns({ policy, job, readings: waiting.map(({ reading }) => reading), openedIds });
    openedIds = [];
    const next = [...readings];
    for (const [position, { reading, index }] of waiting.entries()) {
      const tokenIds = results[position]?.tokenIds ?? [];
      const action = parseAction(policy.decode(tokenIds));
      if (action.kind === 'answer') answers[index] = action.answer;
      next[index] = await advance(policy, reading, tokenIds);
    }
    readings = next;
  } while (job.think);
  policy.release?.(readings.map(({ id }) => id));
  freeCache(context, job);
  return answers;
}
