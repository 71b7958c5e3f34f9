import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from '@dgpo/arc';
import { loadTokenizer } from '@dgpo/lm';
import { loadCorpus } from '@dgpo/retriever';
import { ConfigError, type Task } from '@dgpo/trajectory';
import { createAtlas, exportAtlas } from '../atlas/index.js';
import { type EnvironmentSettings, openRetriever, type RetrieverSource } from '../compute/episodes-job.js';
import { atlasEnvironment } from '../demo/demo-settings.js';
import type { EvaluationSet, ModelEvaluation } from '../evaluate/evaluate-model.js';
import { measureRetrieval, type RetrievalScore } from '../evaluate/measure-retrieval.js';
import { type RunReportResult, resultsLegend, resultsTable } from '../evaluate/results-table.js';
import { writeRunReport } from '../evaluate/run-report.js';
import { readQuestions } from '../recipe/read-questions.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { splitValidation } from '../recipe/validation-tasks.js';
import { runStage } from '../run/run-stage.js';
import { hashFile } from '../run/stable-hash.js';
import type { Playground } from '../train/play-episodes.js';
import { evaluateStage } from './evaluate-stage.js';
import { freshModelStage, scriptedTeacherStage, tokenizerStage } from './fresh-models.js';
import { indexStage } from './index-stage.js';
import type { Reporter } from './reporter.js';
import { type StageModel, stageModel } from './stage-model.js';
import { needsTeacher, trainStage } from './train-stage.js';
import { openWorkshop, type Workshop } from './workshop.js';

export type { Reporter } from './reporter.js';

export interface PipelineOptions {
  recipe: Recipe;
  /** Continue the run in `outputDir` if there is one. */
  resume: boolean;
  signal?: AbortSignal;
  reporter: Reporter;
}

export interface PipelineResult {
  runDirectory: string;
  /** Figures of every model on every set. */
  summary: Record<string, unknown>;
  /** Recall of the search engine on every set that names supporting titles. */
  retrieval: Record<string, RetrievalScore>;
  /** The table and the recall, for people. */
  text: string;
  reportPath: string;
  interrupted: boolean;
}

interface RunData {
  corpus: string;
  documents: { id: string; contents: string }[];
  trainTasks: Task[];
  /** For evaluations during training; empty where there are none. */
  validationTasks: Task[];
  sets: EvaluationSet[];
}

/** The passages and questions of a recipe; those of a generated world are written to the run directory first. */
async function readData(workshop: Workshop, recipe: Recipe): Promise<RunData> {
  const { data, evaluation } = recipe;
  let files = { corpus: data.corpus ?? '', train: data.trainQuestions ?? '', evaluation: data.evalQuestions };
  if (data.world === 'atlas') {
    const { directory } = await runStage({
      runDirectory: workshop.run.path,
      name: 'world',
      inputs: { seed: recipe.seed, inventedCountries: data.inventedCountries, count: evaluation.tasksPerSet },
      run: async ({ directory: target }) => {
        const atlas = createAtlas({ seed: recipe.seed, inventedCountries: data.inventedCountries });
        workshop.reporter.stage('world', `${atlas.corpus.length} passages`);
        await exportAtlas({ atlas, directory: target, evaluationCount: evaluation.tasksPerSet });
        return null;
      },
    });
    const path = (name: string) => join(directory, `${name}.jsonl`);
    files = {
      corpus: path('corpus'),
      train: path('train'),
      evaluation: ['fiction', 'facts'].map((name) => ({ name, path: path(name) })),
    };
  }
  const split = await splitValidation({ recipe, trainTasks: await readQuestions({ path: files.train }) });
  const sets: EvaluationSet[] = [];
  for (const { name, path } of files.evaluation) {
    sets.push({ name, tasks: await readQuestions({ path, limit: evaluation.tasksPerSet }) });
  }
  if (sets.length === 0)
    throw new ConfigError('needs at least one held-out set to measure on', { where: 'data.evalQuestions' });
  const documents = await loadCorpus({ path: files.corpus });
  return { corpus: files.corpus, documents, ...split, sets };
}

/** The rules of an episode from a recipe; the demo world brings its own short texts. */
export function environmentOf(recipe: Recipe): EnvironmentSettings {
  const { maxSearches, maxTokensPerTurn, maxObservationTokens, maxTotalTokens, promptTemplate } = recipe.environment;
  return {
    ...(recipe.data.world === 'atlas' ? atlasEnvironment : {}),
    topK: recipe.retriever.topK,
    maxSearches,
    maxTokensPerTurn,
    maxObservationTokens,
    maxContextTokens: maxTotalTokens,
    ...(promptTemplate === undefined ? {} : { promptTemplate }),
  };
}

async function startingModels(context: {
  workshop: Workshop;
  recipe: Recipe;
  data: RunData;
  retriever: RetrieverSource;
  environment: EnvironmentSettings;
}): Promise<{ student: StageModel; teacher: StageModel | undefined; playground: Playground }> {
  const { workshop, recipe, data, retriever, environment } = context;
  const playgroundWith = (tokenizer: string): Playground => ({
    pool: workshop.pool,
    tokenizer,
    retriever,
    environment,
    maxErrorRate: recipe.retriever.maxErrorRate,
  });
  const shared = {
    workshop,
    documents: data.documents,
    corpusKey: await hashFile(data.corpus),
    tasks: data.trainTasks,
    seed: recipe.seed,
    pretrain: recipe.pretrain,
  };
  let tokenizerDirectory = recipe.student.path ?? recipe.teacher.path;
  let tokenizerKey = tokenizerDirectory ?? '';
  if (tokenizerDirectory === undefined) {
    const texts = [
      ...data.documents.map(({ contents }) => contents),
      ...data.trainTasks.map(({ question }) => question),
    ];
    const made = await tokenizerStage({ workshop, texts, vocabSize: recipe.student.fresh?.vocabSize ?? 4096 });
    tokenizerDirectory = made.directory;
    tokenizerKey = made.key;
  }
  const tokenizer = await loadTokenizer(tokenizerDirectory);
  const student =
    recipe.student.path !== undefined
      ? await stageModel(recipe.student.path)
      : await freshModelStage({
          ...shared,
          name: 'student',
          fresh: recipe.student.fresh as NonNullable<Recipe['student']['fresh']>,
          tokenizer,
          tokenizerKey,
        });
  const playground = playgroundWith(tokenizerDirectory);
  if (!recipe.stages.some(needsTeacher)) return { student, teacher: undefined, playground };
  if (recipe.teacher.path !== undefined) return { student, teacher: await stageModel(recipe.teacher.path), playground };
  const untaught = await freshModelStage({
    ...shared,
    name: 'teacher',
    fresh: recipe.teacher.fresh,
    tokenizer,
    tokenizerKey,
  });
  const teacher = await scriptedTeacherStage({
    workshop,
    playground,
    model: untaught,
    tasks: data.trainTasks,
    settings: recipe.teacher.training,
    seed: recipe.seed,
  });
  return { student, teacher, playground };
}

/** Student and teacher are compared token by token, so an id must mean the same to both. */
function checkTokenizers(student: StageModel, teacher: StageModel): void {
  const probe = 'Which city is the capital?\u00e9\ud55c<answer>';
  const ids = [student, teacher].map(({ weights }) => weights.tokenizer.encode(probe, { allowSpecial: true }).join());
  if (student.weights.config.vocabularySize !== teacher.weights.config.vocabularySize || ids[0] !== ids[1]) {
    throw new ConfigError('student and teacher have different tokenizers; both must map text to the same ids', {
      where: teacher.directory,
    });
  }
}

/** Figures for machines: every measure of every model on every set. */
function summarize(results: readonly { name: string; evaluation: ModelEvaluation }[]): Record<string, unknown> {
  return Object.fromEntries(
    results.map(({ name, evaluation }) => [
      name,
      Object.fromEntries(
        evaluation.sets.map((set) => [
          set.name,
          {
            ...set.summary.overall.figures,
            sourceReferencing: set.arc?.sourceReferencing.exactMatch ?? null,
            thinking: set.arc?.thinking.exactMatch ?? null,
          },
        ]),
      ),
    ]),
  );
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const retrievalLines = (scores: Record<string, RetrievalScore>) =>
  Object.entries(scores).map(
    ([name, { topK, recall, complete }]) =>
      `${name}: recall@${topK} ${percent(recall)} of the supporting titles for the question as it stands, all of them in ${percent(complete)}`,
  );

/** Runs a recipe: data, index, models, the stages of its method, evaluation, report. */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { recipe, reporter, signal } = options;
  const { outputDir: _, workers: __, ...config } = recipe;
  const workshop = await openWorkshop({
    directory: recipe.outputDir,
    config,
    resume: options.resume,
    engine: recipe.engine,
    workers: recipe.workers,
    reporter,
    signal,
  });
  const reportPath = join(workshop.run.path, 'report.html');
  try {
    const data = await readData(workshop, recipe);
    const environment = environmentOf(recipe);
    const retriever = await indexStage({ workshop, corpus: data.corpus, retriever: recipe.retriever });
    const opened = await openRetriever(retriever);
    const { topK } = recipe.retriever;
    const retrieval = await measureRetrieval({ retriever: opened, sets: data.sets, topK, signal }).finally(
      opened.close,
    );
    for (const line of retrievalLines(retrieval)) reporter.line(line);
    const { student, teacher, playground } = await startingModels({ workshop, recipe, data, retriever, environment });
    if (teacher !== undefined) checkTokenizers(student, teacher);
    const { evaluation, seed } = recipe;
    const models: Record<string, StageModel> = { base: student, ...(teacher === undefined ? {} : { teacher }) };
    let trained = student;
    for (const stage of recipe.stages) {
      trained = await trainStage({
        workshop,
        stage,
        playground,
        student: trained,
        teacher,
        tasks: data.trainTasks,
        validationTasks: data.validationTasks,
        seed,
      });
      models[stage.name] = trained;
    }
    const name = recipe.stages.at(-1)?.name ?? '';
    const results: { name: string; evaluation: ModelEvaluation }[] = [];
    for (const [label, policy] of Object.entries(models)) {
      reporter.stage('evaluation', label);
      results.push({
        name: label,
        evaluation: await evaluateStage({
          workshop,
          name: label,
          playground,
          policy,
          sets: data.sets,
          temperature: evaluation.temperature,
          batchSize: evaluation.batchSize,
          seed,
          corpus: data.documents,
        }),
      });
    }
    const report: RunReportResult[] = results.map((result) => ({ name: result.name, sets: result.evaluation.sets }));
    const shown = results.at(-1)?.evaluation.sets[0]?.trajectories.slice(0, 4) ?? [];
    await writeRunReport({
      path: reportPath,
      title: 'DGPO',
      subtitle: `seed ${seed}, engine ${workshop.engine.name}`,
      results: report,
      metricsPath: workshop.run.metricsPath,
      transcripts: shown.map((trajectory) => ({ label: name, trajectory })),
    });
    const summary = summarize(results);
    const figures = { summary, retrieval };
    await writeFile(join(workshop.run.path, 'results.json'), `${JSON.stringify(figures, null, 2)}\n`);
    const text = [formatTable(resultsTable(report)), '', resultsLegend, ...retrievalLines(retrieval)].join('\n');
    return { runDirectory: workshop.run.path, ...figures, reportPath, text, interrupted: false };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) {
      return { runDirectory: workshop.run.path, summary: {}, retrieval: {}, reportPath, text: '', interrupted: true };
    }
    throw error;
  } finally {
    await workshop.close();
  }
}
