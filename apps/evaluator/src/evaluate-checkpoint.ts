import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Environment } from '@dgpo/envs';
import { checkPython, createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import {
  createDecoder,
  createSampler,
  type EngineName,
  type ModelWeights,
  selectEngine,
  setParameters,
  tokenizerFolder,
} from '@dgpo/lm';
import { loadCorpus } from '@dgpo/retriever';
import {
  type ComputePool,
  createComputePool,
  type EnvironmentSettings,
  evaluateModel,
  isSearch,
  openInput,
} from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { benchmarkEnvironment } from './benchmarks/benchmark-environment.js';
import { codeBenchmarkEnvironment } from './benchmarks/code-benchmark-environment.js';
import { createCostMeter } from './cost/cost-meter.js';
import { costReport } from './cost/evaluation-cost.js';
import {
  bootstrapOf,
  checkSets,
  type EvaluationOptions,
  evaluateSets,
  samplingOf,
} from './evaluation/evaluate-sets.js';
import { memoryStore } from './evaluation/evaluation-store.js';
import type { FinishedEvaluation } from './evaluation/finished-evaluation.js';
import type { Player } from './evaluation/play-set.js';
import { createPolicyPlayer } from './evaluation/policy-player.js';
import { createPoolPlayer } from './evaluation/pool-player.js';
import { answerableSet, type QuestionSet } from './evaluation/question-set.js';
import { type EvaluatedSet, evaluationOf } from './evaluation/score-set.js';
import { type SelfConsistency, votingTemperature } from './evaluation/self-consistency.js';
import { createVotedPolicy } from './evaluation/voted-policy.js';
import { openModel } from './open-checkpoint.js';
import { openSearching, type Searching } from './retrieval/open-searching.js';
import type { SearchSource } from './retrieval/search-source.js';

export interface EvaluateCheckpointOptions extends EvaluationOptions {
  /** Model folder in Hugging Face layout, or a folder of adapters; the rules of its `agent.json` hold, else those of Search-R1. */
  checkpoint: string;
  /** Where questions are searched; a model of a household or a shop takes none. */
  search?: SearchSource | undefined;
  /** The rules to play by. @default those of `agent.json` in the folder, else those of Search-R1 */
  rules?: EnvironmentSettings;
  /** @default the name of the folder */
  name?: string;
  /** Episodes side by side in one worker; with votes their candidates. @default 64 */
  batchSize?: number;
  /**
   * Votes on every turn: candidates are sampled, at a temperature of their own and without `topP`, and carried out on forks of the
   * episode; the most frequent outcome wins.
   * @default every turn is the only one
   */
  selfConsistency?: SelfConsistency | undefined;
  /** Measure source referencing and thinking too; needs an index or a corpus, and supporting titles. @default true */
  reading?: boolean;
  /**
   * `plain` searches for knowledge and reasons about mathematics; `code` writes Python that can search, for both.
   * @default 'code' for a model whose agent.json says so, else 'plain'
   */
  environment?: 'plain' | 'code';
  /** Longest solution of a question of mathematics, in tokens; code and rules of chains of thought have their own. @default 2048 */
  maxTokens?: number;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
  /** Worker threads for what is not mathematics or code; 0 is one per core. @default 0 */
  workers?: number;
  /** Workers to use in place of new ones; they are left open. */
  pool?: ComputePool;
  /** Told once everything is open and the work begins. */
  onStart?: (about: { model: string; parameters: number; settings: EnvironmentSettings }) => void;
}

const isWorld = ({ kind }: EnvironmentSettings) => kind === 'household' || kind === 'webshop';

/** @throws ConfigError for sets that the rules do not fit, and for a vote of one */
function checkRules(options: EvaluateCheckpointOptions, settings: EnvironmentSettings, writesCode: boolean): void {
  const { search, sets, checkpoint, selfConsistency: { samples = 2 } = {} } = options;
  if (!Number.isInteger(samples) || samples < 2) {
    throw new ConfigError(`expected 2 candidates or more, found ${samples}`, { where: 'selfConsistency.samples' });
  }
  const searches = isSearch(settings) || writesCode;
  if (search !== undefined && !searches) {
    throw new ConfigError(`plays ${settings.kind}, where nothing is searched: leave out --index, --url and --corpus`, {
      where: checkpoint,
    });
  }
  for (const { name, kind } of sets) {
    if (kind === 'question-answering' && isWorld(settings) && !writesCode) {
      throw new ConfigError(`the model was trained to play ${settings.kind}, not to search; see --environment`, {
        where: name,
      });
    }
    if (kind !== 'mathematics' && searches && search === undefined) {
      throw new ConfigError(`${name} is answered with searches: give either --index DIR or --url URL or --corpus FILE`);
    }
  }
}

function fingerprint({ parameters }: ModelWeights): string {
  const hash = createHash('sha256');
  const bytes = new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength);
  const piece = 1 << 28;
  for (let start = 0; start < bytes.length; start += piece) hash.update(bytes.subarray(start, start + piece));
  return hash.digest('hex');
}

/** What both ways of playing need. */
interface Opened {
  options: EvaluateCheckpointOptions;
  model: string;
  weights: ModelWeights;
  settings: EnvironmentSettings;
  searching: Searching;
}

async function openPool(engine: EngineName | 'auto', workers: number): Promise<ComputePool> {
  const { name } = await selectEngine(engine === 'auto' ? {} : { engine });
  return createComputePool({ engine: name, workers: workers === 0 ? availableParallelism() : workers });
}

/** Sets by the rules of the model itself, on all workers. */
async function evaluateOnWorkers(opened: Opened, sets: readonly QuestionSet[]) {
  const { options, model, weights, settings, searching } = opened;
  const { search, batchSize = 64, reading = true, workers = 0, engine = 'auto', onProgress, signal } = options;
  const corpus =
    reading && search?.directory !== undefined && isSearch(settings)
      ? await openInput(loadCorpus({ path: join(search.directory, 'corpus.jsonl') }))
      : undefined;
  const pool = options.pool ?? (await openPool(engine, workers));
  try {
    const { config, parameters } = weights;
    await pool.broadcast({ kind: 'model', name: model, config, valueHead: false, weights: parameters });
    const tokenizer = await tokenizerFolder(resolve(options.checkpoint));
    const sampling = samplingOf(options);
    const where = search === undefined ? {} : { retriever: search.retriever };
    return {
      threads: pool.parallel,
      sets: await evaluateSets({
        ...options,
        sets,
        answerRecallOf: searching.answerRecallOf,
        meter: createCostMeter({ engine: pool.engine ?? 'unknown' }),
        player: createPoolPlayer({
          ...{ pool, model, tokenizer, environment: settings, ...where, ...sampling, batchSize },
          selfConsistency: options.selfConsistency,
        }),
        evaluate: async (set, play) => {
          const { sets: evaluated } = await evaluateModel({
            playground: { pool, tokenizer, environment: settings, ...where },
            policy: { model },
            sets: [set],
            ...sampling,
            ...bootstrapOf(options),
            batchSize,
            ...(corpus === undefined ? {} : { corpus }),
            play: async () => (await play()).trajectories,
            ...(onProgress === undefined ? {} : { onProgress }),
            signal,
          });
          const [evaluation] = evaluated;
          if (evaluation === undefined) throw new RangeError('a set was not evaluated');
          return evaluation;
        },
      }),
    };
  } finally {
    if (options.pool === undefined) await pool.close();
  }
}

/** Sets in environments of their own, in this process. */
async function evaluateHere(
  { options, model, weights, searching }: Opened,
  sets: readonly QuestionSet[],
  environments: ReadonlyMap<string, Environment>,
): Promise<EvaluatedSet[]> {
  const { batchSize = 64, engine = 'auto', selfConsistency } = options;
  const candidates = selfConsistency?.samples ?? 1;
  const sideBySide = Math.max(1, Math.floor(batchSize / candidates));
  const { name } = await selectEngine(engine === 'auto' ? {} : { engine });
  const decoder = createDecoder({ config: weights.config });
  try {
    setParameters(decoder, weights.parameters);
    const sampler = createSampler({ decoder, tokenizer: weights.tokenizer, slots: sideBySide * candidates });
    try {
      const player: Player = (request) => {
        const environment = environments.get(request.set.name);
        if (environment === undefined) throw new RangeError(`no environment for ${request.set.name}`);
        const plain = { ...sampler, name: model };
        const voted =
          selfConsistency === undefined
            ? undefined
            : createVotedPolicy({ policy: plain, environment, selfConsistency, signal: request.signal });
        return createPolicyPlayer({
          policyOf: () => voted ?? plain,
          environmentOf: () => environment,
          ...samplingOf(options),
          ...(voted === undefined
            ? {}
            : { topP: undefined, finish: (trajectory) => ({ trajectory, usage: voted.takeUsage(trajectory.id) }) }),
          batchSize: sideBySide,
        })(request);
      };
      const meter = createCostMeter({ engine: name });
      return await evaluateSets({ ...options, sets, player, meter, answerRecallOf: searching.answerRecallOf });
    } finally {
      sampler.dispose();
    }
  } finally {
    decoder.dispose();
  }
}

/**
 * Evaluates a model folder: plays every question of every set, by the rules of the model, or in Python (`environment`); mathematics as one
 * reasoned answer, which rules of chains of thought ask for in their own way.
 *
 * @throws ConfigError when the model does not fit, the sets are empty or named alike, or the store holds episodes of other settings;
 *   EnvironmentError when too many episodes end by an error; whatever the engine throws; the signal's reason
 */
export async function evaluateCheckpoint(options: EvaluateCheckpointOptions): Promise<FinishedEvaluation> {
  const { search, store = memoryStore, maxTokens = 2048, environment, selfConsistency, signal } = options;
  checkSets(options.sets);
  const checkpoint = resolve(options.checkpoint);
  const model = options.name ?? basename(checkpoint);
  const { weights, settings: own } = await openInput(openModel(checkpoint));
  const settings = options.rules ?? own;
  if (settings.maxContextTokens > weights.config.maxPositionEmbeddings) {
    throw new ConfigError(
      `maxContextTokens is ${settings.maxContextTokens}, but this model reads ${weights.config.maxPositionEmbeddings} tokens`,
      { where: 'rules' },
    );
  }
  const writesCode = (environment ?? (settings.kind === 'code' ? 'code' : 'plain')) === 'code';
  checkRules(options, settings, writesCode);
  if (writesCode) checkPython();
  const sets = options.sets.map((set) =>
    isWorld(settings) && set.kind === undefined ? set : answerableSet(set, set.kind ?? 'question-answering'),
  );
  const here = sets.filter(({ kind }) => kind === 'mathematics' || (writesCode && kind !== undefined));
  const interpreters = createInterpreterPool({ start: createPythonInterpreter });
  const searching = await openSearching({ search, sets, settings, signal });
  try {
    const { retriever } = searching;
    const searched = retriever === undefined ? {} : { retriever };
    const environmentOf = writesCode
      ? codeBenchmarkEnvironment({ interpreters, settings, ...searched })
      : benchmarkEnvironment({ settings, maxTokens, ...searched });
    // All of them before the first episode: what is missing is found here and not after hours.
    const environments = new Map(
      here.map(({ name, kind = 'question-answering' }) => [name, environmentOf({ name, kind })]),
    );
    const described = {
      model,
      policy: { kind: 'checkpoint', weights: fingerprint(weights) },
      ...samplingOf(options),
      ...(selfConsistency === undefined
        ? {}
        : { selfConsistency: { temperature: votingTemperature, ...selfConsistency } }),
      shuffledPassages: search !== undefined && 'shuffleSeed' in search.retriever,
      environment: settings,
      agent: writesCode ? 'code' : 'plain',
      maxTokens,
      corpus: search?.corpus.fingerprint ?? search?.corpus.url ?? null,
    };
    await store.begin({ settings: described, sets });
    options.onStart?.({ model, parameters: weights.parameters.length, settings });
    const opened: Opened = { options, model, weights, settings, searching };
    const others = sets.filter((set) => !here.includes(set));
    const onWorkers = others.length === 0 ? undefined : await evaluateOnWorkers(opened, others);
    const inProcess = here.length === 0 ? [] : await evaluateHere(opened, here, environments);
    const all = [...(onWorkers?.sets ?? []), ...inProcess];
    const ordered = sets.flatMap(({ name }) => all.find((set) => set.name === name) ?? []);
    const threads = here.length === 0 && onWorkers !== undefined ? { threads: onWorkers.threads } : {};
    return {
      model,
      evaluation: evaluationOf(ordered, bootstrapOf(options)),
      settings: described,
      cost: costReport(
        ordered.flatMap(({ costs }) => costs),
        threads,
      ),
      ...(search === undefined ? {} : { corpus: search.corpus }),
    };
  } finally {
    await searching.close();
    await interpreters.close();
  }
}
