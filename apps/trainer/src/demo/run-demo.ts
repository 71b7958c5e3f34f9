import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { formatTable } from '@dgpo/arc';
import type { EngineName } from '@dgpo/lm';
import { ConfigError, type Trajectory } from '@dgpo/trajectory';
import { atlasTasks, createAtlas, evaluationTasks, exportAtlas } from '../atlas/index.js';
import type { RetrieverSource } from '../compute/environment-settings.js';
import type { ModelEvaluation } from '../evaluate/evaluate-model.js';
import { type RunReportResult, resultsTable } from '../evaluate/results-table.js';
import { writeRunReport } from '../evaluate/run-report.js';
import { collectStage } from '../pipeline/collect-stage.js';
import { distillStage } from '../pipeline/distill-stage.js';
import { evaluateStage } from '../pipeline/evaluate-stage.js';
import { indexStage } from '../pipeline/index-stage.js';
import { policyStage } from '../pipeline/policy-stage.js';
import type { Reporter } from '../pipeline/reporter.js';
import { type StageModel, stageModel } from '../pipeline/stage-model.js';
import { openWorkshop, type Workshop } from '../pipeline/workshop.js';
import { retrieverSchema } from '../recipe/data-sections.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { assetsDirectory } from './assets.js';
import { buildDemoModels } from './build-demo-models.js';
import { comparisons, type DemoPreset, demoSettings } from './demo-presets.js';
import { atlasEnvironment } from './demo-settings.js';
import { renderEpisode } from './render-episode.js';

export interface DemoOptions {
  preset: DemoPreset;
  /** Also trains by PPO from base, cold start then PPO, uniform KL, GRPO and the reference form of DGPO. */
  compare: boolean;
  seed: number;
  /** Builds the base student and the teacher instead of taking those that are shipped. */
  fromScratch: boolean;
  outputDir: string;
  engine: EngineName | 'auto';
  /** 0 is one worker per core. */
  workers: number;
  /** Continue what is in the folder. */
  resume: boolean;
  signal?: AbortSignal;
  reporter: Reporter;
  /** Held-out questions of each set. @default the preset's */
  evaluationTasks?: number;
  /** Which methods of the comparison to run. @default all with `compare`, else none */
  methods?: readonly string[];
  /** Adds the scripted expert, and DGPO with a search engine that returns other passages than asked for. @default false */
  controls?: boolean;
}

/** One model of the table. */
export interface DemoEntry {
  name: string;
  /** Folder of the model; the expert has none. */
  directory: string | undefined;
  evaluation: ModelEvaluation;
  /** Time of its training. */
  seconds: number;
  /** Why its training stopped early. */
  collapsed?: string;
}

export interface DemoResult {
  interrupted: boolean;
  entries: readonly DemoEntry[];
  /** Every figure of the table, for machines. */
  result: Record<string, unknown>;
  /** Table, transcripts and paths, for people. */
  text: string;
}

/** The world never changes with `--seed`: the shipped models know only its training half. */
const worldSeed = 0;

async function startingModels(
  options: DemoOptions,
  workshop: Workshop,
): Promise<{ student: StageModel; teacher: StageModel }> {
  let folder = assetsDirectory;
  if (options.fromScratch) {
    folder = join(workshop.run.path, 'models');
    if (!existsSync(join(folder, 'manifest.json'))) {
      await buildDemoModels({
        outputDir: join(workshop.run.path, 'build'),
        assetsDir: folder,
        seed: worldSeed,
        engine: options.engine,
        workers: options.workers,
        commit: 'from scratch',
        reporter: options.reporter,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    }
  }
  if (!existsSync(join(folder, 'manifest.json'))) {
    throw new ConfigError('the demo models are missing; build them with --from-scratch', { where: folder });
  }
  return { student: await stageModel(join(folder, 'student')), teacher: await stageModel(join(folder, 'teacher')) };
}

/** Files and index of the world. */
async function buildWorld(workshop: Workshop, settings: ReturnType<typeof demoSettings>) {
  const atlas = createAtlas({ seed: worldSeed });
  const files = await runStage({
    runDirectory: workshop.run.path,
    name: 'world',
    inputs: { worldSeed, countries: atlas.countries.length },
    run: async ({ directory }) => {
      workshop.reporter.stage('world', `${atlas.countries.length} countries, ${atlas.corpus.length} passages`);
      await exportAtlas({ atlas, directory });
      return { passages: atlas.corpus.length };
    },
  });
  const retriever = await indexStage({
    workshop,
    corpus: join(files.directory, 'corpus.jsonl'),
    retriever: retrieverSchema.parse({ topK: atlasEnvironment.topK }),
  });
  return {
    atlas,
    retriever,
    trainTasks: atlasTasks({ atlas, split: 'train', count: settings.trainTasks }),
    sets: (['fiction', 'facts'] as const).map((split) => ({
      name: split,
      tasks: evaluationTasks({ atlas, split, count: settings.evaluationTasks }),
    })),
  };
}

const overall = (evaluation: ModelEvaluation, set: string) =>
  evaluation.sets.find(({ name }) => name === set)?.summary.overall.figures;

/** A question that the base student fails and DGPO solves with the most searches, if there is one. */
function showcase(
  before: ModelEvaluation,
  after: ModelEvaluation,
): { before: Trajectory; after: Trajectory } | undefined {
  const pairs = [...after.sets].reverse().flatMap((set) =>
    set.trajectories.flatMap((trajectory, index) => {
      const base = before.sets.find(({ name }) => name === set.name)?.trajectories[index];
      return base !== undefined && !base.outcome.correct && trajectory.outcome.correct
        ? [{ before: base, after: trajectory }]
        : [];
    }),
  );
  return pairs.find(({ after: { actions } }) => actions.length > 2) ?? pairs[0];
}

/** Trains a search agent by DGPO in the demo world and measures every step of the way. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { preset, compare, seed, reporter, signal } = options;
  const settings = { ...demoSettings(preset) };
  if (options.evaluationTasks !== undefined) settings.evaluationTasks = options.evaluationTasks;
  const workshop = await openWorkshop({
    directory: options.outputDir,
    config: { demo: preset, seed, fromScratch: options.fromScratch, settings },
    resume: options.resume,
    engine: options.engine,
    workers: options.workers,
    reporter,
    signal,
  });
  try {
    const { student, teacher } = await startingModels(options, workshop);
    const { atlas, retriever, trainTasks, sets } = await buildWorld(workshop, settings);
    const playground: Playground = {
      pool: workshop.pool,
      tokenizer: student.directory,
      retriever,
      environment: atlasEnvironment,
    };
    const evaluate = (name: string, policy: StageModel) =>
      evaluateStage({
        workshop,
        name,
        playground,
        policy,
        sets,
        temperature: 0,
        batchSize: 64,
        seed: 0,
        corpus: atlas.corpus,
      });
    const entries: DemoEntry[] = [];
    const add = async (name: string, train: () => Promise<StageModel & { collapsed?: string | null }>) => {
      const started = performance.now();
      const model = await train();
      const seconds = (performance.now() - started) / 1000;
      const evaluation = await evaluate(name, model);
      const { collapsed } = model;
      entries.push({
        name,
        directory: model.directory,
        evaluation,
        seconds,
        ...(typeof collapsed === 'string' ? { collapsed } : {}),
      });
      const em = (set: string) => (100 * (overall(evaluation, set)?.exactMatch.mean ?? Number.NaN)).toFixed(1);
      reporter.line(`${name}: ${em('fiction')} % of fiction, ${em('facts')} % of facts right`);
      return model;
    };

    await add('base', async () => student);
    const [failure] = entries[0]?.evaluation.sets[0]?.trajectories ?? [];
    if (failure !== undefined) reporter.line(`\nThe base student cannot act yet:\n${renderEpisode(failure)}\n`);
    await add('teacher', async () => teacher);

    const outputs = await collectStage({
      workshop,
      playground,
      teacher,
      tasks: trainTasks.slice(0, settings.coldStart.numTasks),
      settings: settings.coldStart,
      seed,
    });
    const { kept, samples } = outputs.statistics;
    reporter.line(`the teacher was right in ${kept} of ${samples} episodes; these are learned from`);
    const coldStart = await add('cold-start', () =>
      distillStage({
        workshop,
        name: 'cold-start',
        student,
        teacher,
        outputs,
        tasks: trainTasks.slice(0, settings.coldStart.numTasks),
        playground,
        settings: settings.coldStart,
        seed,
      }),
    );
    const secondPhase = (name: string, from: StageModel, rl: typeof settings.rl) =>
      add(name, () =>
        policyStage({ workshop, name, playground, student: from, teacher, tasks: trainTasks, settings: rl, seed }),
      );
    const dgpo = await secondPhase('dgpo', coldStart, settings.rl);
    for (const { name, from, rl } of comparisons(settings.rl)) {
      if (options.methods?.includes(name) ?? compare)
        await secondPhase(name, from === 'base' ? student : coldStart, rl);
    }
    if (options.controls) {
      const control = { workshop, playground, sets, temperature: 0, batchSize: 64, seed: 0 };
      const shuffled = { ...playground, retriever: { ...retriever, shuffleSeed: 0 } };
      entries.push(
        {
          name: 'expert',
          directory: undefined,
          evaluation: await evaluateStage({ ...control, name: 'expert', policy: 'expert' }),
          seconds: 0,
        },
        {
          name: 'dgpo-shuffled-passages',
          directory: dgpo.directory,
          evaluation: await evaluateStage({
            ...control,
            name: 'dgpo-shuffled-passages',
            playground: shuffled,
            policy: dgpo,
          }),
          seconds: 0,
        },
      );
    }
    return await present({ options, workshop, entries, index: retriever });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return { interrupted: true, entries: [], result: {}, text: '' };
    throw error;
  } finally {
    await workshop.close();
  }
}

/** As one would type it here. */
function shownPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') || isAbsolute(here) ? path : here;
}

async function present(context: {
  options: DemoOptions;
  workshop: Workshop;
  entries: readonly DemoEntry[];
  index: RetrieverSource;
}): Promise<DemoResult> {
  const { options, workshop, entries, index } = context;
  const named = (name: string) => entries.find((entry) => entry.name === name);
  const base = named('base');
  const dgpo = named('dgpo');
  const results: RunReportResult[] = entries.map(({ name, evaluation, seconds }) => ({
    name,
    seconds,
    sets: evaluation.sets,
  }));
  const shown = base !== undefined && dgpo !== undefined ? showcase(base.evaluation, dgpo.evaluation) : undefined;
  const reportPath = join(workshop.run.path, 'report.html');
  await writeRunReport({
    path: reportPath,
    title: 'DGPO on atlas',
    subtitle: `preset ${options.preset}, seed ${options.seed}, engine ${workshop.engine.name}`,
    results,
    metricsPath: workshop.run.metricsPath,
    transcripts:
      shown === undefined
        ? []
        : [
            { label: 'base', trajectory: shown.before },
            { label: 'DGPO', trajectory: shown.after },
          ],
  });
  const figures = Object.fromEntries(
    entries.map(({ name, evaluation, seconds, collapsed }) => [
      name,
      {
        seconds,
        ...(collapsed === undefined ? {} : { collapsed }),
        sets: Object.fromEntries(
          evaluation.sets.map((set) => [
            set.name,
            {
              ...set.summary.overall.figures,
              groups: Object.fromEntries(
                Object.entries(set.summary.groups).map(([key, group]) => [key, group.figures.exactMatch]),
              ),
              baseline: set.baseline.exactMatch,
              sourceReferencing: set.arc?.sourceReferencing.exactMatch ?? null,
              thinking: set.arc?.thinking.exactMatch ?? null,
            },
          ]),
        ),
      },
    ]),
  );
  const result = {
    preset: options.preset,
    seed: options.seed,
    engine: workshop.engine.name,
    models: figures,
    report: reportPath,
    runDirectory: workshop.run.path,
  };
  await writeFile(join(workshop.run.path, 'results.json'), `${JSON.stringify(result, null, 2)}\n`);
  const indexDirectory = 'directory' in index ? index.directory : '';
  const model = shownPath(dgpo?.directory ?? '');
  const text = [
    '',
    formatTable(resultsTable(results)),
    ...(shown === undefined
      ? []
      : ['', 'The same question before and after:', renderEpisode(shown.before), '', renderEpisode(shown.after)]),
    '',
    `report   ${shownPath(reportPath)}`,
    `model    ${model}`,
    '',
    'Try next:',
    `  npx dgpo ask ${model} --index ${shownPath(indexDirectory)} "What money is used in the country whose capital is Lima?"`,
    '  npx dgpo demo --compare            the same budget for PPO, uniform KL, GRPO and the reference form',
    '  npx dgpo init my-agent             a recipe for your own corpus and questions',
  ].join('\n');
  return { interrupted: false, entries, result, text };
}
