import { join } from 'node:path';
import {
  createScriptedPolicy,
  createSearchEnvironment,
  type Environment,
  type EpisodeState,
  type Policy,
  type Retriever,
  runEpisodes,
} from '@dgpo/envs';
import { createSampler, loadTokenizer, type Sampler, type Tokenizer } from '@dgpo/lm';
import { createCircuitBreaker, createRetrieverClient, loadCorpus, loadRetriever } from '@dgpo/retriever';
import { createRandom, type Task, type Trajectory } from '@dgpo/trajectory';
import { scriptedExpert } from '../expert/scripted-expert.js';
import { type JobContext, modelNamed } from './jobs.js';
import { resetSamplers } from './kept-samplers.js';
import { createShuffledRetriever } from './shuffled-retriever.js';

/** Where a worker finds the search engine. */
export type RetrieverSource =
  /**
   * A stored index. `key` is the hash of what it was made from, by which stages know it again wherever it lies. With `shuffleSeed`,
   * other passages than the ones found are shown: the control that tells reading from recall.
   */
  { directory: string; key?: string; shuffleSeed?: number } | { url: string };

/** The rules of an episode, as plain data. */
export interface EnvironmentSettings {
  topK: number;
  maxSearches: number;
  maxTokensPerTurn: number;
  maxObservationTokens: number;
  maxContextTokens: number;
  promptTemplate?: string;
  documentTemplate?: string;
  observationPrefix?: string;
  observationSuffix?: string;
  invalidActionMessage?: string;
}

/** Plays tasks with a model or with the scripted expert. */
export interface EpisodesJob {
  kind: 'episodes';
  /** A model that the worker has, called `name` in the episodes (as in the worker unless given), or the scripted expert. */
  policy: { model: string; name?: string } | 'expert';
  /** Folder of the tokenizer. */
  tokenizer: string;
  retriever: RetrieverSource;
  environment: EnvironmentSettings;
  tasks: Task[];
  samplesPerTask: number;
  /** 0 is greedy. */
  temperature: number;
  seed: number;
  batchSize: number;
}

async function keep<T>(context: JobContext, key: string, make: () => Promise<T>): Promise<T> {
  if (!context.kept.has(key)) context.kept.set(key, await make());
  return context.kept.get(key) as T;
}

/** A search engine that holds files until it is closed. */
export interface OpenedRetriever extends Retriever {
  close(): Promise<void>;
}

/** Opens the search engine; the passages of each query are the same wherever it is opened. */
export async function openRetriever(source: RetrieverSource): Promise<OpenedRetriever> {
  if ('directory' in source) {
    const { directory, shuffleSeed } = source;
    const retriever = await loadRetriever({ directory });
    if (shuffleSeed === undefined) return retriever;
    const documents = await loadCorpus({ path: join(directory, 'corpus.jsonl') });
    return {
      ...createShuffledRetriever({ retriever, documents, seed: shuffleSeed }),
      close: () => retriever.close(),
    };
  }
  const client = createRetrieverClient({
    url: source.url,
    random: createRandom(0).split('retriever'),
    // Within the time that the environment gives a search: a server that hangs is asked again and, when it stays down, left alone.
    timeout: 10_000,
    deadline: 25_000,
    circuitBreaker: createCircuitBreaker({ failures: 3 }),
  });
  return { ...client, close: async () => undefined };
}

/** The search environment of a run, with the scripted expert as its oracle. */
export function searchEnvironment(retriever: Retriever, settings: EnvironmentSettings): Environment {
  return createSearchEnvironment({ retriever, ...settings, oracle: scriptedExpert });
}

type KeptSampler = Sampler & { model: string };

/** The policy of a job; its sampler is kept for the next one. */
export async function policyFor(
  context: JobContext,
  job: Pick<EpisodesJob, 'policy' | 'tokenizer' | 'environment' | 'batchSize'>,
): Promise<Policy> {
  const tokenizer: Tokenizer = await keep(context, `tokenizer:${job.tokenizer}`, () => loadTokenizer(job.tokenizer));
  const { policy } = job;
  if (policy === 'expert') {
    return createScriptedPolicy({ tokenizer, script: (state: EpisodeState) => scriptedExpert(state), name: 'expert' });
  }
  const sampler = await keep<KeptSampler>(context, `sampler:${policy.model}:${job.batchSize}`, async () => ({
    ...createSampler({
      decoder: modelNamed(context, policy.model),
      tokenizer,
      slots: job.batchSize,
      maxContextTokens: Math.min(
        job.environment.maxContextTokens,
        modelNamed(context, policy.model).config.maxPositionEmbeddings,
      ),
    }),
    model: policy.model,
  }));
  return { ...sampler, name: policy.name ?? policy.model };
}

/** Gives the memory of keys and values back, which the job after this one may need for activations. */
export function freeCache(context: JobContext, { policy }: Pick<EpisodesJob, 'policy'>): void {
  if (policy !== 'expert') resetSamplers(context, policy.model);
}

export async function runEpisodesJob(context: JobContext, job: EpisodesJob): Promise<Trajectory[]> {
  const retriever = await keep(context, `retriever:${JSON.stringify(job.retriever)}`, () =>
    openRetriever(job.retriever),
  );
  const policy = await policyFor(context, job);
  try {
    return await runEpisodes({
      environment: searchEnvironment(retriever, job.environment),
      policy,
      tasks: job.tasks,
      samplesPerTask: job.samplesPerTask,
      temperature: job.temperature,
      seed: job.seed,
      batchSize: job.batchSize,
    });
  } finally {
    freeCache(context, job);
  }
}
