import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  type EnvironmentSettings,
  type EvaluationSet,
  isSearch,
  openInput,
  readAgentSettings,
  readQuestions,
  type SearchSettings,
  writeRunReport,
} from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { benchmarkNotes, benchmarkTable } from '../benchmarks/benchmark-report.js';
import { openBenchmarks } from '../benchmarks/open-benchmarks.js';
import { writeCost } from '../cost/cost-files.js';
import { costTable, describeCost } from '../cost/cost-table.js';
import { endpointRules, evaluateEndpoint } from '../endpoint/evaluate-endpoint.js';
import { evaluateCheckpoint } from '../evaluate-checkpoint.js';
import { episodesName, setFolder } from '../evaluation/episode-log.js';
import type { EvaluationOptions } from '../evaluation/evaluate-sets.js';
import { runResults, writeResults } from '../evaluation/evaluation-results.js';
import { createFolderStore } from '../evaluation/evaluation-store.js';
import type { FinishedEvaluation } from '../evaluation/finished-evaluation.js';
import type { QuestionSet } from '../evaluation/question-set.js';
import { openSearchSource, type SearchSource } from '../retrieval/search-source.js';
import { chooseEpisodes } from './choose-episodes.js';
import { printEvaluation } from './print-evaluation.js';
import { createProgressLine, type ProgressLine } from './progress-line.js';
import { createRunCommand, type RunFlags } from './run-options.js';
import type { CliSurroundings } from './surroundings.js';

type At = (path: string) => string;

/** Every file is a set, named after it. */
async function readSets(paths: readonly string[], limit: number | undefined): Promise<EvaluationSet[]> {
  const sets: EvaluationSet[] = [];
  for (const path of paths) {
    const name = basename(path).replace(/\.[^.]+$/, '');
    if (sets.some((set) => set.name === name)) {
      throw new ConfigError(`two files are named ${name}; sets are called after their files, so rename one`, {
        where: '--questions',
      });
    }
    sets.push({ name, tasks: await readQuestions({ path, ...(limit === undefined ? {} : { limit }) }) });
  }
  return sets;
}

async function openSets(flags: RunFlags, at: At, { environment, signal }: CliSurroundings): Promise<QuestionSet[]> {
  const { questions = [], benchmarks = [], data, limit, hub, cache } = flags;
  if (questions.length + benchmarks.length === 0) {
    throw new ConfigError('give --questions FILE or --benchmarks NAME, or both');
  }
  const sets = await readSets(questions.map(at), limit);
  const { HF_ENDPOINT: endpoint = '', HF_TOKEN: token = '' } = environment;
  const named = await openInput(
    openBenchmarks({
      benchmarks,
      data: data === undefined ? undefined : at(data),
      hub: {
        name: hub,
        cache: at(cache),
        ...(endpoint === '' ? {} : { endpoint }),
        ...(token === '' ? {} : { token }),
      },
      resolvePath: at,
      signal,
      ...(limit === undefined ? {} : { limit }),
    }),
  );
  return [...sets, ...named];
}

const ofEndpoints = ['apiKeyVariable', 'format', 'concurrency', 'timeout', 'retries'] as const;
const ofCheckpoints = [
  'environment',
  'reading',
  'engine',
  'workers',
  'batchSize',
  'selfConsistent',
  'voteTemperature',
] as const;
const notOfVotes = ['temperature', 'topP'] as const;

/** @throws ConfigError for flags that would change nothing */
function checkFlags(command: Command, flags: RunFlags): void {
  const refuse = (names: readonly string[], why: string) => {
    const given = names.find((name) => command.getOptionValueSource(name) === 'cli');
    if (given === undefined) return;
    const option = command.options.find((candidate) => candidate.attributeName() === given)?.long ?? given;
    throw new ConfigError(`${option} ${why}`);
  };
  if (flags.endpoint === undefined) refuse(ofEndpoints, 'needs --endpoint');
  else refuse(ofCheckpoints, 'is for models that run here');
  if (flags.selfConsistent === undefined) refuse(['voteTemperature'], 'needs --self-consistent');
  else refuse(notOfVotes, 'changes nothing with --self-consistent, whose candidates have --vote-temperature');
}

async function readRules(directory: string): Promise<EnvironmentSettings> {
  if (!existsSync(join(directory, 'agent.json'))) {
    throw new ConfigError('has no agent.json', { where: directory });
  }
  return readAgentSettings({ directory, maxPositionEmbeddings: endpointRules.maxContextTokens });
}

function searchRules(rules: EnvironmentSettings | undefined): SearchSettings {
  if (rules === undefined) return endpointRules;
  if (isSearch(rules)) return rules;
  throw new ConfigError(`these are rules of ${rules.kind}; a model behind an API searches or calculates`, {
    where: '--rules',
  });
}

async function evaluate(
  options: { model: string; flags: RunFlags; sets: QuestionSet[]; search: SearchSource | undefined; at: At },
  progress: ProgressLine,
  { environment, pool, signal }: CliSurroundings,
): Promise<FinishedEvaluation> {
  const { model, flags, sets, search, at } = options;
  const shared = {
    sets,
    search,
    temperature: flags.temperature,
    topP: flags.topP,
    samplesPerTask: flags.samples,
    seed: flags.seed,
    bootstrapSamples: flags.bootstrapSamples,
    maxErrorRate: flags.maxErrorRate,
    maxTokens: flags.maxTokens,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.out === undefined ? {} : { store: createFolderStore(at(flags.out)) }),
    onProgress: ({ set, part, done, total }) => progress.show(`${set} · ${part}: ${done} of ${total}`, done === total),
    signal,
  } satisfies EvaluationOptions & Record<string, unknown>;
  const given = flags.rules === undefined ? undefined : await readRules(at(flags.rules));
  if (flags.endpoint !== undefined) {
    const rules = searchRules(given);
    return evaluateEndpoint({
      ...shared,
      endpoint: {
        url: flags.endpoint,
        model,
        environment,
        timeout: 1000 * flags.timeout,
        retries: flags.retries,
        ...(flags.apiKeyVariable === undefined ? {} : { apiKeyVariable: flags.apiKeyVariable }),
      },
      rules: flags.format === undefined ? rules : { ...rules, format: flags.format },
      concurrency: flags.concurrency,
      onStart: ({ model: name, url }) => progress.note(`${name} at ${url}`),
    });
  }
  return evaluateCheckpoint({
    ...shared,
    checkpoint: at(model),
    ...(given === undefined ? {} : { rules: given }),
    batchSize: flags.batchSize,
    reading: flags.reading,
    engine: flags.engine,
    workers: flags.workers,
    ...(flags.environment === undefined ? {} : { environment: flags.environment }),
    ...(flags.selfConsistent === undefined
      ? {}
      : { selfConsistency: { samples: flags.selfConsistent, temperature: flags.voteTemperature } }),
    ...(pool === undefined ? {} : { pool }),
    onStart: ({ model: name, parameters }) => progress.note(`${name}: ${(parameters / 1e6).toFixed(2)} M parameters`),
  });
}

function subtitleOf(flags: RunFlags): string {
  const { temperature, topP, samples, seed, shufflePassages = false, selfConsistent } = flags;
  const alone = temperature === 0 ? 'Greedy' : `Temperature ${temperature}, top-p ${topP}`;
  const sampling =
    selfConsistent === undefined
      ? alone
      : `Votes of ${selfConsistent} candidates a turn at temperature ${flags.voteTemperature}`;
  return `${sampling}, ${samples === 1 ? 'one episode' : `${samples} episodes`} a question, seed ${seed}${shufflePassages ? ', shuffled passages' : ''}.`;
}

async function write(directory: string, finished: FinishedEvaluation, flags: RunFlags): Promise<void> {
  const { model, evaluation, cost } = finished;
  await writeCost({ directory, cost });
  await writeResults(directory, finished);
  const searched = evaluation.sets.filter(({ scored }) => scored?.score.kind !== 'mathematics');
  await writeRunReport({
    path: resolve(directory, 'report.html'),
    title: model,
    subtitle: subtitleOf(flags),
    results: [{ name: model, sets: searched }],
    tables: [
      ...(evaluation.sets.some(({ scored }) => scored !== undefined)
        ? [{ title: 'Scores', ...benchmarkTable(evaluation), caption: 'In percent, with 95 % intervals.' }]
        : []),
      { title: 'Cost', ...costTable(cost), caption: describeCost(cost.overall) },
    ],
    notes: benchmarkNotes,
    transcripts: evaluation.sets.flatMap(({ name, trajectories }) =>
      chooseEpisodes(trajectories, flags.transcripts).map((trajectory) => ({ label: name, trajectory })),
    ),
  });
}

/** `dgpo-eval run`: a model on sets of questions and benchmarks. */
export function runCommand(surroundings: CliSurroundings): Command {
  const { output, errors, signal, workingDirectory } = surroundings;
  const at = (path: string) => resolve(workingDirectory, path);
  return createRunCommand().action(async (model, flags, command) => {
    checkFlags(command, flags);
    const { index, url, corpus, corpusName, shufflePassages = false, seed } = flags;
    const sets = await openSets(flags, at, surroundings);
    const search = await openInput(
      openSearchSource({
        index: index === undefined ? undefined : at(index),
        url,
        corpus: corpus === undefined ? undefined : at(corpus),
        name: corpusName,
        shuffleSeed: shufflePassages ? seed : undefined,
        signal,
      }),
    );
    try {
      const progress = createProgressLine(errors, flags.json === true);
      const finished = await evaluate({ model, flags, sets, search, at }, progress, surroundings);
      if (flags.out !== undefined) await write(at(flags.out), finished, flags);
      if (flags.json) {
        const results = runResults(finished, (set) => `${setFolder(set)}/${episodesName}`);
        output.write(`${JSON.stringify({ ...results, cost: finished.cost })}\n`);
        return;
      }
      printEvaluation(output, finished);
      if (flags.out !== undefined) {
        output.write(`Wrote results.json, cost.json, report.html and a folder for each set to ${flags.out}\n`);
      }
    } finally {
      await search?.close();
    }
  });
}
