import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from '@dgpo/arc';
import { checkPython } from '@dgpo/envs/code';
import { hasRetriever, isSearch } from '../compute/environment-settings.js';
import { openRetriever } from '../compute/open-retriever.js';
import type { ModelEvaluation } from '../evaluate/evaluate-model.js';
import { costReport, costTable, type EvaluationCost } from '../evaluate/evaluation-cost.js';
import { measureRetrieval, type RetrievalScore } from '../evaluate/measure-retrieval.js';
import { playLegend, playTable } from '../evaluate/play-tables.js';
import { resultsLegend, resultsTable } from '../evaluate/results-table.js';
import { writeRunReport } from '../evaluate/run-report.js';
import { hintLegend, hintReportTables, hintTable } from '../hints/hint-report.js';
import { hintedTeacher } from '../hints/hinted-teacher.js';
import type { HintedModel } from '../hints/own-demonstrations.js';
import { hintsSchema } from '../recipe/hints-section.js';
import { needsTeacher } from '../recipe/needs-teacher.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { chainOfThoughtSettings, environmentOf } from './environment-of.js';
import { costsOf, evaluateModels } from './evaluate-models.js';
import { indexStage } from './index-stage.js';
import { type RunData, readRunData, startingModels } from './prepare-run.js';
import type { Reporter } from './reporter.js';
import { isServer } from './server-teacher.js';
import type { StageModel } from './stage-model.js';
import { trainStage } from './train-stage.js';
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
  /** What the evaluation of every model took, where a recipe asks for self-consistency. */
  costs?: Record<string, EvaluationCost>;
  /** The table and the recall, for people. */
  text: string;
  reportPath: string;
  interrupted: boolean;
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
            ...(set.play === undefined ? {} : { play: set.play }),
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

/** The search engine of a run, and what it finds of the evaluation sets. */
async function openSearch(options: { workshop: Workshop; recipe: Recipe; data: RunData }) {
  const { workshop, recipe, data } = options;
  const retriever = await indexStage({ workshop, corpus: data.corpus, retriever: recipe.retriever });
  const opened = await openRetriever(retriever);
  const { topK } = recipe.retriever;
  const { signal } = workshop;
  const retrieval = await measureRetrieval({ retriever: opened, sets: data.sets, topK, signal }).finally(opened.close);
  return { source: { retriever }, retrieval };
}

/** Runs a recipe: data, index, models, the stages of its method, evaluation, report. */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const { recipe, reporter, signal } = options;
  const { outputDir: _, workers: __, ...config } = recipe;
  const environment = environmentOf(recipe);
  if (environment.kind === 'code') checkPython();
  const workshop = await openWorkshop({
    directory: recipe.outputDir,
    config,
    resume: options.resume,
    engine: recipe.engine,
    workers: recipe.workers,
    tracking: recipe.tracking,
    rollouts: recipe.rollouts,
    reporter,
    signal,
  });
  const reportPath = join(workshop.run.path, 'report.html');
  try {
    const data = await readRunData(workshop, recipe);
    const searches = isSearch(environment);
    const { source, retrieval } = hasRetriever(environment)
      ? await openSearch({ workshop, recipe, data })
      : { source: {}, retrieval: {} };
    for (const line of retrievalLines(retrieval)) reporter.line(line);
    const { student, teacher, playground } = await startingModels({ workshop, recipe, data, environment, ...source });
    const { seed, hints = hintsSchema.parse({}) } = recipe;
    const isHere = teacher !== undefined && !isServer(teacher);
    const models: Record<string, StageModel> = { base: student, ...(isHere ? { teacher } : {}) };
    const hinted = new Map<string, HintedModel>();
    const leftOut: string[] = [];
    let trained = student;
    let trainedName = 'base';
    let guide = teacher;
    for (const stage of recipe.stages) {
      const [own] = hinted.values();
      if (recipe.teacher.kind === 'hinted' && own !== undefined && guide === undefined && needsTeacher(stage)) {
        guide = await hintedTeacher({ workshop, playground, hinted: own, settings: hints, tasks: data.trainTasks });
      }
      const made = await trainStage({
        workshop,
        stage,
        playground,
        student: trained,
        studentName: trainedName,
        lora: recipe.student.lora,
        teacher: guide,
        tasks: data.trainTasks,
        validationTasks: data.validationTasks,
        chainOfThought: chainOfThoughtSettings(recipe, {}),
        seed,
        hints,
      });
      if (made.hinted !== undefined) hinted.set(made.hinted.name, made.hinted);
      if (made.leftOut !== undefined) {
        leftOut.push(`${stage.name} is left out: ${made.leftOut}.`);
        reporter.line(leftOut.at(-1) ?? '');
        continue;
      }
      models[stage.name] = made;
      if (stage.baseline) continue;
      trained = made;
      trainedName = stage.name;
    }
    const results = await evaluateModels({
      workshop,
      playground,
      models,
      recipe,
      hinted,
      sets: data.sets,
      ...(searches ? { corpus: data.documents } : {}),
    });
    const report = results.map((result) => ({ name: result.name, sets: result.evaluation.sets }));
    const costs = costsOf(results);
    const timed = costs.length > 0;
    const last = results.at(-1);
    const shown = last?.evaluation.sets[0]?.trajectories.slice(0, 4) ?? [];
    await writeRunReport({
      path: reportPath,
      title: 'DGPO',
      subtitle: `seed ${seed}, engine ${workshop.engine.name}`,
      results: report,
      metricsPath: workshop.run.metricsPath,
      tables: [...(hinted.size === 0 ? [] : hintReportTables(report)), ...(timed ? [costReport(costs)] : [])],
      notes: leftOut,
      transcripts: shown.map((trajectory) => ({ label: last?.name ?? '', trajectory })),
    });
    const summary = summarize(results);
    const figures = {
      summary,
      retrieval,
      // Without the time: equal runs have equal results.
      ...(timed ? { costs: Object.fromEntries(costs.map(({ name: label, cost }) => [label, cost])) } : {}),
    };
    await writeFile(join(workshop.run.path, 'results.json'), `${JSON.stringify(figures, null, 2)}\n`);
    const tables = searches
      ? [formatTable(resultsTable(report)), '', resultsLegend]
      : [formatTable(playTable(report)), '', playLegend];
    const compared = hinted.size === 0 ? [] : ['', formatTable(hintTable(report)), '', hintLegend];
    const prices = timed ? ['', formatTable(costTable(costs))] : [];
    const text = [...tables, ...prices, ...retrievalLines(retrieval), ...compared, ...leftOut].join('\n');
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
