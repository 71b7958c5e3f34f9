import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CollectionStatistics, keepCorrect } from '@dgpo/distill';
import { createDecoder, type DecoderConfig, getParameters, loadModel, type ModelWeights, saveModel } from '@dgpo/lm';
import { buildIndex, loadRetriever, readCorpus } from '@dgpo/retriever';
import { type CollapseMetrics, createCollapseGuard } from '@dgpo/rl';
import {
  createRandom,
  isDgpoError,
  readTrajectories,
  type Task,
  type Trajectory,
  writeTrajectories,
} from '@dgpo/trajectory';
import type { EnvironmentSettings, RetrieverSource } from '../compute/episodes-job.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { modelKey } from '../run/model-key.js';
import { runStage } from '../run/run-stage.js';
import { hashFile } from '../run/stable-hash.js';
import { coldStartSteps, trainColdStart } from '../train/cold-start.js';
import { type EpisodeRow, episodeRow } from '../train/episode-rows.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import { type Playground, playEpisodes } from '../train/play-episodes.js';
import { type Guidance, optimizePolicy } from '../train/policy-optimization.js';
import { createTrainedModel } from '../train/trained-model.js';
import type { Workshop } from './workshop.js';

/** A model that a stage made, and the key of everything it came from. */
export interface StageModel {
  directory: string;
  key: string;
  weights: ModelWeights;
}

/** A model folder as the input of a stage. */
export async function stageModel(directory: string): Promise<StageModel> {
  const weights = await loadModel({ directory });
  return { directory, key: await modelKey(directory), weights };
}

/** Puts a model into all workers. */
export async function shareModel(workshop: Workshop, name: string, weights: ModelWeights): Promise<void> {
  await workshop.pool.broadcast({
    kind: 'model',
    name,
    config: weights.config,
    valueHead: false,
    weights: weights.parameters,
  });
}

/** The index over a corpus, or the address of a server. */
export async function indexStage(options: {
  workshop: {
    run: Pick<Workshop['run'], 'path'>;
    reporter: Pick<Workshop['reporter'], 'stage' | 'line'>;
    signal: AbortSignal | undefined;
  };
  corpus: string;
  retriever: Recipe['retriever'];
}): Promise<RetrieverSource> {
  const { workshop, corpus, retriever } = options;
  const { kind, k1, b } = retriever;
  if (kind === 'server') return { url: retriever.url ?? '' };
  if (kind === 'index') {
    const directory = retriever.path ?? '';
    const opened = await loadRetriever({ directory });
    workshop.reporter.stage('index', `${opened.kind} in ${directory}, ${opened.documents} passages`);
    await opened.close();
    return { directory, key: opened.fingerprint };
  }
  const inputs = { corpus: await hashFile(corpus), kind, k1, b };
  const { directory, key, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name: 'index',
    inputs,
    run: async ({ directory: target }) => {
      workshop.reporter.stage('index', `${kind} over ${corpus}`);
      const { documents } = await buildIndex({
        documents: readCorpus({ path: corpus }),
        directory: join(target, 'index'),
        kind,
        bm25: { k1, b },
        logger: (line: string) => workshop.reporter.line(line),
        ...(workshop.signal === undefined ? {} : { signal: workshop.signal }),
      });
      return { passages: documents };
    },
  });
  if (skipped) workshop.reporter.stage('index', 'already there');
  return { directory: join(directory, 'index'), key };
}

/** What a stage that plays episodes depends on besides models and questions. */
export function playgroundInputs({ environment, retriever }: Playground): Record<string, unknown> {
  if ('url' in retriever) return { environment, retriever: retriever.url };
  const { directory, key = directory, shuffleSeed } = retriever;
  return { environment, retriever: key, shuffleSeed };
}

/** Teacher-generated outputs: episodes of the teacher, of which the correct ones are kept. */
export async function collectStage(options: {
  workshop: Workshop;
  playground: Playground;
  teacher: StageModel;
  tasks: readonly Task[];
  settings: Pick<Recipe['coldStart'], 'samplesPerTask' | 'temperature' | 'maxEpisodes'>;
  seed: number;
}): Promise<{ path: string; key: string; statistics: CollectionStatistics }> {
  const { workshop, playground, teacher, tasks, settings, seed } = options;
  const result = await runStage({
    runDirectory: workshop.run.path,
    name: 'teacher-outputs',
    inputs: { teacher: teacher.key, tasks, settings, seed, ...playgroundInputs(playground) },
    run: async ({ directory }) => {
      const total = tasks.length * settings.samplesPerTask;
      workshop.reporter.stage('teacher outputs', `${total} episodes`);
      await shareModel(workshop, 'teacher', teacher.weights);
      const trajectories = await playEpisodes({
        ...playground,
        policy: { model: 'teacher' },
        tasks,
        samplesPerTask: settings.samplesPerTask,
        temperature: settings.temperature,
        seed: createRandom(seed)
          .split('teacher-outputs')
          .integer(2 ** 31),
        onProgress: (done) => workshop.reporter.progress({ label: 'teacher', done, total }),
        signal: workshop.signal,
      });
      const errors = trajectories.filter(({ outcome }) => outcome.endedBy === 'error').length;
      if (errors > 0) workshop.reporter.line(`searches failed in ${errors} of ${total} episodes, which are left out`);
      const { kept, statistics } = keepCorrect({ trajectories, maxEpisodes: settings.maxEpisodes });
      await writeTrajectories(join(directory, 'kept.jsonl'), kept);
      return statistics;
    },
  });
  if (result.skipped) workshop.reporter.stage('teacher outputs', 'already there');
  return { path: join(result.directory, 'kept.jsonl'), key: result.key, statistics: result.output };
}

/** Reads episodes as training rows. */
async function readRows(path: string): Promise<EpisodeRow[]> {
  const rows: EpisodeRow[] = [];
  for await (const trajectory of readTrajectories(path)) rows.push(episodeRow(trajectory));
  return rows;
}

/** A model folder that `dgpo ask` and `dgpo-eval` open as it is: weights, tokenizer and the rules it was trained under. */
async function saveAgent(options: {
  directory: string;
  weights: ModelWeights;
  environment: EnvironmentSettings;
}): Promise<void> {
  await saveModel({ directory: options.directory, ...options.weights });
  await writeFile(join(options.directory, 'agent.json'), `${JSON.stringify(options.environment, null, 2)}\n`);
}

/** Phase 1: cold start on the teacher's correct episodes. */
export async function coldStartStage(options: {
  workshop: Workshop;
  name?: string;
  student: StageModel;
  teacher: StageModel;
  outputs: { path: string; key: string };
  settings: Recipe['coldStart'];
  environment: EnvironmentSettings;
  seed: number;
}): Promise<StageModel> {
  const { workshop, student, teacher, outputs, settings, seed, name = 'cold-start' } = options;
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { student: student.key, teacher: teacher.key, outputs: outputs.key, settings, seed },
    run: async ({ directory: target }) => {
      const rows = await readRows(outputs.path);
      const maxSteps = coldStartSteps({ episodes: rows.length, ...settings });
      workshop.reporter.stage(name, `${rows.length} correct episodes, ${maxSteps} updates`);
      await shareModel(workshop, 'teacher', teacher.weights);
      const { config, parameters, tokenizer } = student.weights;
      const model = await createTrainedModel({
        pool: workshop.pool,
        name: 'student',
        config,
        parameters,
        weightDecay: 0.01,
        maxGradNorm: settings.maxGradNorm,
      });
      const checkpoints = modelCheckpoints({
        directory: join(target, 'checkpoints'),
        config: { settings, seed },
        models: [model],
        keep: 1,
      });
      const completedSteps = await checkpoints.restore();
      const tracker = workshop.tracker({ stage: name, totalSteps: maxSteps, completedSteps, show: ['loss', 'kl'] });
      await trainColdStart({
        student: model,
        teacher: 'teacher',
        rows,
        numTrainEpochs: settings.numTrainEpochs,
        batchSize: settings.batchSize,
        microBatchSize: settings.microBatchSize,
        schedule: {
          learningRate: settings.learningRate,
          warmupSteps: settings.warmupSteps,
          lrSchedulerType: 'cosine',
        },
        ceWeight: settings.ceWeight,
        klWeight: settings.klWeight,
        seed,
        firstStep: completedSteps + 1,
        onStep: async (step, metrics) => {
          tracker.log(metrics, step);
          if (step % 50 === 0 || workshop.signal?.aborted) await checkpoints.save(step);
        },
        signal: workshop.signal,
      });
      await tracker.finish();
      const trained = { config, parameters: (await model.parameters()).slice(), tokenizer };
      model.dispose();
      await saveAgent({ directory: join(target, 'model'), weights: trained, environment: options.environment });
      return { steps: maxSteps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return stageModel(join(directory, 'model'));
}

const gates = { failure: 'incorrect', always: 'always', never: 'never' } as const;

/** The critic starts from the student's body with a value head of zeros (dgpo.py: initialised from the student path). */
async function criticParameters(config: DecoderConfig, student: Float32Array): Promise<Float32Array> {
  const decoder = createDecoder({ config, valueHead: true });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  parameters.set(student);
  return parameters;
}

/** What the collapse guard looks at. */
function collapseMetrics(metrics: Record<string, number>): CollapseMetrics {
  return {
    reward: metrics.reward ?? 0,
    validActionRate: metrics.valid_action_rate ?? 0,
    meanLength: metrics['completions/mean_length'] ?? 0,
  };
}

/** The logged updates of a stage, oldest first. */
async function readMetrics(path: string, stage: string): Promise<Record<string, number>[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, number> & { stage: string })
    .filter((entry) => (entry.stage as unknown) === stage);
}

/** Phase 2: PPO or GRPO, guided by the teacher as the recipe says. */
export async function policyStage(options: {
  workshop: Workshop;
  /** Also the label of its metrics. */
  name: string;
  playground: Playground;
  student: StageModel;
  teacher: StageModel;
  tasks: readonly Task[];
  settings: Recipe['rl'];
  seed: number;
}): Promise<StageModel & { collapsed: string | null; steps: number }> {
  const { workshop, name, playground, student, teacher, tasks, settings, seed } = options;
  const { directory, output, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { student: student.key, teacher: teacher.key, tasks, settings, seed, ...playgroundInputs(playground) },
    run: async ({ directory: target }) => {
      workshop.reporter.stage(
        name,
        `${settings.maxSteps} updates of ${settings.tasksPerStep * settings.numGenerations} episodes`,
      );
      await shareModel(workshop, 'teacher', teacher.weights);
      const { config, parameters, tokenizer } = student.weights;
      const { pool } = workshop;
      const { maxGradNorm } = settings;
      const model = await createTrainedModel({ pool, name: 'student', config, parameters, maxGradNorm });
      const critic =
        settings.algorithm === 'grpo'
          ? undefined
          : await createTrainedModel({
              pool,
              name: 'critic',
              config,
              parameters: await criticParameters(config, parameters),
              valueHead: true,
              maxGradNorm,
            });
      const checkpoints = modelCheckpoints({
        directory: join(target, 'checkpoints'),
        config: { settings, seed },
        models: critic === undefined ? [model] : [model, critic],
        keep: settings.saveTotalLimit,
      });
      const completedSteps = await checkpoints.restore();
      const tracker = workshop.tracker({
        stage: name,
        totalSteps: settings.maxSteps,
        completedSteps,
        show: ['reward', 'searches', 'valid_action_rate', 'completions/mean_length'],
      });
      const guard = createCollapseGuard();
      for (const earlier of await readMetrics(workshop.run.metricsPath, name)) guard.update(collapseMetrics(earlier));
      let collapsed: string | null = null;
      let steps = completedSteps;
      let saved = completedSteps;
      const { guidance: recipeGuidance } = settings;
      const guidance: Guidance = { ...recipeGuidance, gate: gates[recipeGuidance.gate] };
      const training = optimizePolicy({
        playground,
        student: model,
        ...(critic === undefined ? {} : { critic }),
        teacher: 'teacher',
        algorithm: settings.algorithm,
        tasks,
        tasksPerStep: settings.tasksPerStep,
        numGenerations: settings.numGenerations,
        temperature: settings.temperature,
        maxSteps: settings.maxSteps,
        ppoEpochs: settings.ppoEpochs,
        miniBatchSize: settings.miniBatchSize,
        microBatchSize: settings.microBatchSize,
        schedule: { learningRate: settings.learningRate, warmupSteps: settings.warmupSteps },
        criticLearningRate: settings.criticLearningRate,
        criticWarmupSteps: settings.criticWarmupSteps,
        clipRatio: settings.clipRatio,
        valueClipRange: settings.valueClipRange,
        gamma: settings.gamma,
        lambda: settings.lambda,
        entropyCoefficient: settings.entropyCoefficient,
        guidance,
        seed,
        firstStep: completedSteps + 1,
        onStep: async (step, metrics, episodes: readonly Trajectory[]) => {
          tracker.log(metrics, step);
          steps = step;
          const { status, reason } = guard.update(collapseMetrics(metrics));
          const stops = status === 'collapsed';
          if (stops) {
            collapsed = reason;
            workshop.reporter.line(`${name} stopped after update ${step}: ${reason}`);
          }
          if (step % settings.saveSteps === 0 || stops || workshop.signal?.aborted) {
            await writeTrajectories(join(workshop.run.tracesPath, `${name}-${step}.jsonl`), episodes.slice(0, 16));
            await checkpoints.save(step);
            saved = step;
          }
          return stops;
        },
        signal: workshop.signal,
      });
      await training.catch(async (error: unknown) => {
        // An interrupt and a search engine out of order end the rollouts of the next update; the models are still those of the last.
        const endedRollouts = workshop.signal?.aborted || (isDgpoError(error) && error.code === 'RETRIEVER_ERROR');
        if (endedRollouts && steps > saved) await checkpoints.save(steps);
        throw error;
      });
      await tracker.finish();
      const trained = { config, parameters: (await model.parameters()).slice(), tokenizer };
      model.dispose();
      critic?.dispose();
      await saveAgent({ directory: join(target, 'model'), weights: trained, environment: playground.environment });
      return { collapsed, steps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return { ...(await stageModel(join(directory, 'model'))), ...output };
}
