import { separatePrefix, withFirstThoughtPrefix } from '@dgpo/distill/agent';
import { createScriptedPolicy, type Environment, type Policy, runEpisodes } from '@dgpo/envs';
import { createSampler, loadTokenizer, type Sampler, type Tokenizer } from '@dgpo/lm';
import { EnvironmentError, type Task, type Trajectory } from '@dgpo/trajectory';
import type { EnvironmentSettings, RetrieverSource } from './environment-settings.js';
import { type JobContext, modelNamed } from './jobs.js';
import { resetSamplers } from './kept-samplers.js';
import { openEnvironment } from './open-environment.js';

/** Plays tasks with a model or with the environment's own expert. */
export interface EpisodesJob {
  kind: 'episodes';
  /** A model that the worker has, called `name` in the episodes (as in the worker unless given), or the environment's own expert. */
  policy: { model: string; name?: string } | 'expert';
  /** Folder of the tokenizer. */
  tokenizer: string;
  /** Of the search environment, which cannot be without. */
  retriever?: RetrieverSource;
  environment: EnvironmentSettings;
  tasks: Task[];
  samplesPerTask: number;
  /** 0 is greedy. */
  temperature: number;
  /** @default 1 */
  topP?: number;
  seed: number;
  batchSize: number;
  /** Ids of episodes to leave out. @default none */
  skip?: string[];
  /** What the first turn of a task begins with, by its id; of the code environment. @default nothing */
  prefixes?: Record<string, string>;
}

async function keep<T>(context: JobContext, key: string, make: () => Promise<T>): Promise<T> {
  if (!context.kept.has(key)) context.kept.set(key, await make());
  return context.kept.get(key) as T;
}

type KeptSampler = Sampler & { model: string };

const tokenizerFor = (context: JobContext, directory: string): Promise<Tokenizer> =>
  keep(context, `tokenizer:${directory}`, () => loadTokenizer(directory));

/** The model of a job as a policy; its sampler is kept for the next one. */
export async function policyFor(
  context: JobContext,
  job: Pick<EpisodesJob, 'tokenizer' | 'environment' | 'batchSize'> & { policy: { model: string; name?: string } },
): Promise<Policy> {
  const tokenizer = await tokenizerFor(context, job.tokenizer);
  const { policy } = job;
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

/** Plays what the environment's own expert does; where its thought is given, it goes on with the code. */
async function expertFor(context: JobContext, job: EpisodesJob, { name, oracle }: Environment): Promise<Policy> {
  if (oracle === undefined) throw new EnvironmentError('has no expert to play', { where: `environment ${name}` });
  const tokenizer = await tokenizerFor(context, job.tokenizer);
  const script: typeof oracle = (state) => {
    const turn = oracle(state);
    return state.turn === 0 && job.prefixes?.[state.task.id] !== undefined ? turn.slice(turn.indexOf('Code:')) : turn;
  };
  return createScriptedPolicy({ tokenizer, script, name: 'expert' });
}

/** The environment of a job, kept for the next one. */
export async function environmentFor(
  context: JobContext,
  { environment: settings, retriever }: Pick<EpisodesJob, 'environment' | 'retriever'>,
): Promise<Environment> {
  const key = `environment:${JSON.stringify({ settings, retriever })}`;
  return (await keep(context, key, () => openEnvironment({ settings, retriever }))).environment;
}

export async function runEpisodesJob(context: JobContext, job: EpisodesJob): Promise<Trajectory[]> {
  const { policy, prefixes } = job;
  const environment = await environmentFor(context, job);
  const skip = new Set(job.skip);
  try {
    const plain =
      policy === 'expert' ? await expertFor(context, job, environment) : await policyFor(context, { ...job, policy });
    const episodes = await runEpisodes({
      environment,
      policy:
        prefixes === undefined
          ? plain
          : withFirstThoughtPrefix({ policy: plain, prefixes: new Map(Object.entries(prefixes)) }),
      tasks: job.tasks,
      samplesPerTask: job.samplesPerTask,
      temperature: job.temperature,
      ...(job.topP === undefined ? {} : { topP: job.topP }),
      seed: job.seed,
      batchSize: job.batchSize,
      skip: (id) => skip.has(id),
    });
    return prefixes === undefined ? episodes : episodes.map((episode) => separatePrefix(episode, plain));
  } finally {
    freeCache(context, job);
  }
}
