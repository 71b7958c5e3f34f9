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
  seed: number;
  batchSize: number;
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

/** Plays what the environment's own expert does. */
async function expertFor(context: JobContext, job: EpisodesJob, { name, oracle }: Environment): Promise<Policy> {
  if (oracle === undefined) throw new EnvironmentError('has no expert to play', { where: `environment ${name}` });
  const tokenizer = await tokenizerFor(context, job.tokenizer);
  return createScriptedPolicy({ tokenizer, script: oracle, name: 'expert' });
}

export async function runEpisodesJob(context: JobContext, job: EpisodesJob): Promise<Trajectory[]> {
  const { environment: settings, retriever, policy } = job;
  const { environment } = await keep(context, `environment:${JSON.stringify({ settings, retriever })}`, () =>
    openEnvironment({ settings, retriever }),
  );
  try {
    return await runEpisodes({
      environment,
      policy:
        policy === 'expert' ? await expertFor(context, job, environment) : await policyFor(context, { ...job, policy }),
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
