import {
  type Action,
  ConfigError,
  exactMatch,
  type Outcome,
  type RetrievedDocument,
  type Segment,
} from '@dgpo/trajectory';
import type { Environment, EpisodeState, Turn } from '../environment.js';
import type { EpisodeTokenizer } from '../policy.js';
import type { Retriever } from '../retriever.js';
import {
  defaultDocumentTemplate,
  defaultObservationPrefix,
  defaultObservationSuffix,
  encodeObservation,
} from './observation.js';
import { parseAction } from './parse-action.js';
import { checkPromptTemplate, defaultPromptTemplate, encodePrompt, type PromptTemplate } from './prompt.js';
import { retrieveOrError } from './retrieve-or-error.js';

export interface SearchEnvironmentOptions {
  retriever: Retriever;
  /** Passages per search. @default 3 */
  topK?: number;
  /** Turns in which the policy may search; one final turn without search follows. An invalid action uses up a turn. @default 4 */
  maxSearches?: number;
  /** @default 500 */
  maxTokensPerTurn?: number;
  /** Longest observation, its tags included; document text is cut to fit. @default 500 */
  maxObservationTokens?: number;
  /** Longest episode; a policy with a smaller limit sets its own. @default 4096 */
  maxContextTokens?: number;
  /** @default a description of the tags in a few sentences */
  promptTemplate?: PromptTemplate;
  /** The observation after a turn without a complete action. @default a sentence that names the tags */
  invalidActionMessage?: string;
  /** With `{i}`, `{title}` and `{text}`. @default 'Doc {i}(Title: {title}) {text}\n' */
  documentTemplate?: string;
  /** @default '\n\n<information>' */
  observationPrefix?: string;
  /** @default '</information>\n\n' */
  observationSuffix?: string;
  /** End every question with `?`. @default true */
  appendQuestionMark?: boolean;
  /** Reward of an answer that is wrong; no answer is always 0, a correct one always 1. @default 0 */
  formatReward?: number;
  /** Milliseconds until a search counts as failed. @default 30000 */
  retrievalTimeout?: number;
  /** The scripted expert. @default searches for the question once, then gives the first golden answer */
  oracle?: (state: EpisodeState) => string;
}

export const defaultMaxSearches = 4;

const defaultInvalidActionMessage =
  '\nThis turn had no complete action. Look something up with <search>query</search>, or finish with <answer>answer</answer>.\n';

const stop = ['</search>', '</answer>'];

function checkWhole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new ConfigError(`expected a whole number of at least ${least}, found ${value}`, { where: name });
  }
}

/** Takes the tags out of a question, so that it can stand inside a search action. */
const asQuery = (question: string) => question.replaceAll(/<\/?(?:search|answer)>/g, ' ').trim();

/**
 * Question answering with a search engine, the protocol of Search-R1: the policy thinks, searches with `<search>query</search>`,
 * reads `<information>…</information>` and ends with `<answer>…</answer>`. Reward and correctness are exact match of the answer
 * action with the golden answers. The context never loses a token: where it would outgrow its limit, the observation loses document
 * text, and an episode in which nothing fits ends as `length`.
 * Source: `search_r1/llm_agent/generation.py` and `qa_em.py` of Search-R1.
 * @throws ConfigError for options out of range.
 */
export function createSearchEnvironment(options: SearchEnvironmentOptions): Environment {
  const {
    retriever,
    topK = 3,
    maxSearches = defaultMaxSearches,
    maxTokensPerTurn = 500,
    maxObservationTokens = 500,
    maxContextTokens = 4096,
    promptTemplate = defaultPromptTemplate,
    invalidActionMessage = defaultInvalidActionMessage,
    documentTemplate = defaultDocumentTemplate,
    observationPrefix = defaultObservationPrefix,
    observationSuffix = defaultObservationSuffix,
    appendQuestionMark = true,
    formatReward = 0,
    retrievalTimeout = 30_000,
    oracle = ({ task, turn }) => {
      const query = asQuery(task.question);
      const searches = turn === 0 && maxSearches > 0 && query !== '';
      return searches ? `<search>${query}</search>` : `<answer>${task.goldenAnswers[0] ?? ''}</answer>`;
    },
  } = options;
  checkWhole('topK', topK, 1);
  checkWhole('maxSearches', maxSearches, 0);
  checkWhole('maxTokensPerTurn', maxTokensPerTurn, 1);
  checkWhole('maxObservationTokens', maxObservationTokens, 1);
  checkWhole('maxContextTokens', maxContextTokens, 1);
  checkWhole('retrievalTimeout', retrievalTimeout, 1);
  if (!Number.isFinite(formatReward)) throw new ConfigError('expected a number', { where: 'formatReward' });
  checkPromptTemplate(promptTemplate);

  const contextRoom = (segments: Segment[], tokenizer: EpisodeTokenizer) =>
    Math.min(maxContextTokens, tokenizer.maxContextTokens ?? maxContextTokens) -
    segments.reduce((tokens, { tokenIds = [] }) => tokens + tokenIds.length, 0);

  const end = (state: EpisodeState, outcome: Outcome): EpisodeState => ({ ...state, next: null, outcome });

  const endWithout = (state: EpisodeState, endedBy: 'turns' | 'length'): EpisodeState =>
    end(state, { correct: false, reward: 0, answer: null, endedBy });

  const goOn = (state: EpisodeState, tokenizer: EpisodeTokenizer): EpisodeState => {
    const maxTokens = Math.min(maxTokensPerTurn, contextRoom(state.segments, tokenizer));
    return maxTokens < 1 ? endWithout(state, 'length') : { ...state, next: { maxTokens, stop: [...stop] } };
  };

  /** The state after a turn, before its search is carried out. */
  const act = ({ state, completion }: Turn): { state: EpisodeState; action: Action } => {
    const parsed = parseAction(completion.text);
    const action: Action = { turn: state.turn, text: completion.text, executed: parsed.kind === 'answer', ...parsed };
    const { tokenIds, logProbs, text } = completion;
    const segment: Segment = { kind: 'policy', text, tokenIds: [...tokenIds], logProbs: [...logProbs] };
    return { state: { ...state, turn: state.turn + 1, segments: [...state.segments, segment] }, action };
  };

  const observe = (state: EpisodeState, observation: Segment | null, tokenizer: EpisodeTokenizer): EpisodeState =>
    observation === null
      ? endWithout(state, 'length')
      : goOn({ ...state, segments: [...state.segments, observation] }, tokenizer);

  /** What an observation may take: a whole turn must still fit after it. */
  const observationRoom = (state: EpisodeState, tokenizer: EpisodeTokenizer) =>
    contextRoom(state.segments, tokenizer) - maxTokensPerTurn;

  const encodeMessage = (state: EpisodeState, tokenizer: EpisodeTokenizer): Segment | null => {
    const tokenIds = tokenizer.encode(invalidActionMessage, { allowSpecial: true });
    const fits = tokenIds.length <= observationRoom(state, tokenizer);
    return fits ? { kind: 'observation', text: invalidActionMessage, tokenIds } : null;
  };

  const finish = (
    state: EpisodeState,
    action: Action,
    documents: RetrievedDocument[] | undefined,
    tokenizer: EpisodeTokenizer,
  ): EpisodeState => {
    const done: Action = documents === undefined ? action : { ...action, executed: true, documents };
    const acted = { ...state, actions: [...state.actions, done] };
    if (action.answer !== undefined) {
      const correct = exactMatch(action.answer, state.task.goldenAnswers);
      return end(acted, { correct, reward: correct ? 1 : formatReward, answer: action.answer, endedBy: 'answer' });
    }
    if (state.turn > maxSearches) return endWithout(acted, 'turns');
    if (documents === undefined) return observe(acted, encodeMessage(acted, tokenizer), tokenizer);
    const observation = encodeObservation({
      documents,
      documentTemplate,
      prefix: observationPrefix,
      suffix: observationSuffix,
      maxTokens: Math.min(maxObservationTokens, observationRoom(acted, tokenizer)),
      tokenizer,
    });
    return observe(acted, observation, tokenizer);
  };

  return {
    name: 'search',

    start({ task, tokenizer }) {
      const tags = tokenizer.encode(`${observationPrefix}${observationSuffix}`, { allowSpecial: true }).length;
      if (tags > maxObservationTokens) {
        throw new ConfigError(
          `${maxObservationTokens} is too small: the observation's tags alone take ${tags} tokens`,
          {
            where: 'maxObservationTokens',
          },
        );
      }
      const prompt = encodePrompt({ task, template: promptTemplate, appendQuestionMark, tokenizer });
      return goOn({ task, turn: 0, segments: [prompt], actions: [], next: null, outcome: null }, tokenizer);
    },

    async step({ turns, tokenizer, signal }) {
      const acted = turns.map(act);
      const queries = acted.flatMap(({ state, action }) =>
        action.query !== undefined && state.turn <= maxSearches ? [action.query] : [],
      );
      const retrieved =
        queries.length === 0
          ? { documents: [] }
          : await retrieveOrError({ retriever, queries, topK, timeout: retrievalTimeout, signal });
      let query = 0;
      return acted.map(({ state, action }) => {
        if (action.query === undefined || state.turn > maxSearches) return finish(state, action, undefined, tokenizer);
        if ('error' in retrieved) {
          const { error } = retrieved;
          const failed = { ...state, actions: [...state.actions, action] };
          return end(failed, { correct: false, reward: 0, answer: null, endedBy: 'error', error });
        }
        return finish(state, action, retrieved.documents[query++] ?? [], tokenizer);
      });
    },

    oracle,
  };
}
