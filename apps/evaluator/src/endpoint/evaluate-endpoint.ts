import type { Policy } from '@dgpo/envs';
import { type ChatPolicyOptions, type ChatTool, createChatPolicy, type SearchSettings } from '@dgpo/trainer';
import { ConfigError, type Trajectory } from '@dgpo/trajectory';
import { benchmarkEnvironment } from '../benchmarks/benchmark-environment.js';
import { createCostMeter } from '../cost/cost-meter.js';
import { costReport } from '../cost/evaluation-cost.js';
import {
  bootstrapOf,
  checkSets,
  type EvaluationOptions,
  evaluateSets,
  samplingOf,
} from '../evaluation/evaluate-sets.js';
import { memoryStore } from '../evaluation/evaluation-store.js';
import type { FinishedEvaluation } from '../evaluation/finished-evaluation.js';
import { createPolicyPlayer } from '../evaluation/policy-player.js';
import { answerableSet } from '../evaluation/question-set.js';
import { evaluationOf } from '../evaluation/score-set.js';
import { openSearching } from '../retrieval/open-searching.js';
import type { SearchSource } from '../retrieval/search-source.js';

export interface EvaluateEndpointOptions extends EvaluationOptions {
  /** The server, its key, timeouts and retries, and the model as the server names it. */
  endpoint: Omit<ChatPolicyOptions, 'tools' | 'concurrency' | 'signal'>;
  /** Where questions are searched; benchmarks of mathematics need none. */
  search?: SearchSource | undefined;
  /** @default the name of the model */
  name?: string;
  /** The rules of searching; with the format `tool-calls` the calls are those of the API. @default those of Search-R1 */
  rules?: SearchSettings;
  /** Longest solution of a question of mathematics, in tokens. @default 2048 */
  maxTokens?: number;
  /** Episodes side by side, each with one request on the way at most. @default 8 */
  concurrency?: number;
  /** Told once everything is open and the work begins. */
  onStart?: (about: { model: string; url: string }) => void;
}

/** Those of Search-R1; tokens are counted as four bytes each, since nobody knows those of the model. */
export const endpointRules: SearchSettings = {
  topK: 3,
  maxSearches: 4,
  maxTokensPerTurn: 500,
  maxObservationTokens: 500,
  maxContextTokens: 4096,
};

const oneText = (name: string, description: string): ChatTool['parameters'] => ({
  type: 'object',
  properties: { [name]: { type: 'string', description } },
  required: [name],
});

const tools: readonly ChatTool[] = [
  {
    name: 'search',
    description: 'Find passages that match the query.',
    parameters: oneText('query', 'what to look for'),
  },
  {
    name: 'answer',
    description: 'Finish with the answer alone, in as few words as it needs.',
    parameters: oneText('answer', 'the answer'),
  },
];

/** The API has places for tools and what they return; nothing of that stands in the texts. */
function withTools(rules: SearchSettings): SearchSettings {
  return {
    promptTemplate:
      'Find the answer to the question below. Call search to look up what you do not know; you may do so several times. As soon as you know enough, call answer.\nQuestion: {question}\n',
    invalidActionMessage: '\nThis turn had no complete call. Call search to look something up, or answer to finish.\n',
    observationPrefix: '',
    observationSuffix: '',
    ...rules,
  };
}

/** Ids and log-probabilities that are those of no model are no part of an episode. */
function withoutTokens(trajectory: Trajectory): Trajectory {
  return { ...trajectory, segments: trajectory.segments.map(({ kind, text }) => ({ kind, text })) };
}

/**
 * Evaluates a model behind `/v1/chat/completions`: questions of knowledge by searching, mathematics as one reasoned answer. A request that
 * stays without an answer ends its episode by an error; the others go on.
 *
 * @throws ConfigError for a bad address or key, for questions without a place to search, and when the store holds episodes of other
 *   settings; EnvironmentError when too many episodes end by an error; the signal's reason
 */
export async function evaluateEndpoint(options: EvaluateEndpointOptions): Promise<FinishedEvaluation> {
  const { endpoint, search, store = memoryStore, maxTokens = 2048, concurrency = 8, signal } = options;
  checkSets(options.sets);
  const callsTools = options.rules?.format === 'tool-calls';
  const rules = callsTools ? withTools(options.rules ?? endpointRules) : (options.rules ?? endpointRules);
  const model = options.name ?? endpoint.model;
  const sets = options.sets.map((set) => answerableSet(set, set.kind ?? 'question-answering'));
  const server = { ...endpoint, concurrency, ...(signal === undefined ? {} : { signal }) };
  const plain = createChatPolicy(server);
  const calling = callsTools ? createChatPolicy({ ...server, tools }) : plain;
  const policies = { 'question-answering': calling, mathematics: plain };
  const unsearched = sets.find(({ kind }) => kind === 'question-answering');
  if (unsearched !== undefined && search === undefined) {
    throw new ConfigError(
      `${unsearched.name} is answered with searches: give either --index DIR or --url URL or --corpus FILE`,
    );
  }
  const searching = await openSearching({ search, sets, settings: rules, signal });
  try {
    const { retriever } = searching;
    const environmentOf = benchmarkEnvironment({
      settings: rules,
      maxTokens,
      ...(retriever === undefined ? {} : { retriever }),
    });
    const environments = new Map(sets.map((set) => [set.name, environmentOf(set)]));
    const url = new URL(endpoint.url).href;
    const described = {
      model,
      policy: { kind: 'endpoint', url, model: endpoint.model },
      ...samplingOf(options),
      shuffledPassages: search !== undefined && 'shuffleSeed' in search.retriever,
      environment: rules,
      maxTokens,
      corpus: search?.corpus.fingerprint ?? search?.corpus.url ?? null,
    };
    await store.begin({ settings: described, sets });
    options.onStart?.({ model, url });
    const policyOf = ({ kind = 'question-answering' }: { kind?: keyof typeof policies }) => policies[kind];
    const played = await evaluateSets({
      ...options,
      sets,
      answerRecallOf: searching.answerRecallOf,
      meter: createCostMeter({ engine: 'endpoint' }),
      player: async (request) =>
        createPolicyPlayer({
          policyOf: (set): Policy => ({ ...policyOf(set), name: model }),
          environmentOf: (set) => {
            const environment = environments.get(set.name);
            if (environment === undefined) throw new RangeError(`no environment for ${set.name}`);
            return environment;
          },
          ...samplingOf(options),
          streams: concurrency,
          finish: (trajectory) => ({
            trajectory: withoutTokens(trajectory),
            usage: policyOf(request.set).takeUsage(trajectory.id),
          }),
        })(request),
    });
    return {
      model,
      evaluation: evaluationOf(played, bootstrapOf(options)),
      settings: described,
      cost: costReport(
        played.flatMap(({ costs }) => costs),
        { threads: concurrency },
      ),
      ...(search === undefined ? {} : { corpus: search.corpus }),
    };
  } finally {
    await searching.close();
  }
}
