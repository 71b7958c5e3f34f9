import { type Action, ConfigError, exactMatch, type Segment } from '@dgpo/trajectory';
import type { ActionFormatName, ObservationFrame } from '../actions/action-format.js';
import type { Environment, EpisodeState, Turn } from '../environment.js';
import { checkWhole } from '../episode/check-whole.js';
import { encodeMessage, encodeObservationText } from '../episode/encode-observation-text.js';
import {
  awaitTurn,
  checkFrame,
  checkLimits,
  type EpisodeLimits,
  endEpisode,
  endWithoutAnswer,
  messageRoom,
  observationRoom,
  observe,
  takeTurn,
} from '../episode/episode-limits.js';
import type { EpisodeTokenizer } from '../policy.js';
import type { Retriever } from '../retriever.js';
import type { EpisodeTool } from '../tool.js';
import { carryOut, type SearchResult } from './carry-out.js';
import { defaultDocumentTemplate, encodeObservation } from './observation.js';
import { checkPromptTemplate, encodePrompt, type PromptTemplate } from './prompt.js';
import { createSearchActions, type SearchActions, type SearchCall } from './search-actions.js';

export interface SearchEnvironmentOptions {
  retriever: Retriever;
  /** How the policy writes its actions; see `createActionFormat`. @default 'tags' */
  format?: ActionFormatName;
  /** Lets the policy open documents of its last results; the retriever needs `openDocument`. @default false */
  openDocuments?: boolean;
  /** Further tools, such as those of an MCP server; a call of one takes a turn as a search does. @default none */
  tools?: readonly EpisodeTool[];
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
  /** @default a description of the format in a few sentences */
  promptTemplate?: PromptTemplate;
  /** The observation after a turn without a complete action. @default a sentence that names the form of an action */
  invalidActionMessage?: string;
  /** With `{i}`, `{title}` and `{text}`. @default 'Doc {i}(Title: {title}) {text}\n' */
  documentTemplate?: string;
  /** @default '\n\n<information>' for tags, what the format has for others */
  observationPrefix?: string;
  /** @default '</information>\n\n' for tags, what the format has for others */
  observationSuffix?: string;
  /** End every question with `?`. @default true */
  appendQuestionMark?: boolean;
  /** Reward of an answer that is wrong; no answer is always 0, a correct one always 1. @default 0 */
  formatReward?: number;
  /** Milliseconds until a search, an opened document or a tool counts as failed. @default 30000 */
  retrievalTimeout?: number;
  /** The scripted expert. @default searches for the question once, then gives the first golden answer */
  oracle?: (state: EpisodeState) => string;
}

export const defaultMaxSearches = 4;

/** Takes the tags out of a question, so that it can stand inside a search action. */
const asQuery = (question: string) => question.replaceAll(/<\/?(?:search|answer)>/g, ' ').trim();

/** The actions of a search environment with these options. @throws ConfigError for options that do not go together. */
export function searchActionsOf(
  options: Pick<SearchEnvironmentOptions, 'format' | 'openDocuments' | 'retriever' | 'tools'>,
): SearchActions {
  const { format = 'tags', openDocuments = false, retriever, tools = [] } = options;
  if (openDocuments && retriever.openDocument === undefined) {
    throw new ConfigError('needs a retriever with the function openDocument', { where: 'openDocuments' });
  }
  return createSearchActions({ format, canOpen: openDocuments, tools });
}

/** The record of a turn before its call is carried out. */
function recordOf(turn: number, text: string, call: SearchCall): Action {
  const base = { turn, text, executed: false };
  switch (call.kind) {
    case 'search':
      return { ...base, kind: 'search', query: call.query };
    case 'answer':
      return { ...base, kind: 'answer', answer: call.answer, executed: true };
    case 'open':
      return { ...base, kind: 'command', command: `open[${call.document}]` };
    case 'tool':
      return { ...base, kind: 'command', command: `${call.tool.name}[${JSON.stringify(call.arguments)}]` };
    case 'invalid':
      return { ...base, kind: 'invalid' };
  }
}

/**
 * Question answering with a search engine, the protocol of Search-R1: the policy thinks, searches with `<search>query</search>`,
 * reads `<information>…</information>` and ends with `<answer>…</answer>`, or writes the same in another `format`. Reward and
 * correctness are exact match of the answer action with the golden answers. The context never loses a token: where it would outgrow
 * its limit, the observation loses document text, and an episode in which nothing fits ends as `length`.
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
    documentTemplate = defaultDocumentTemplate,
    observationPrefix,
    observationSuffix,
    appendQuestionMark = true,
    formatReward = 0,
    retrievalTimeout = 30_000,
  } = options;
  const actions = searchActionsOf(options);
  const { promptTemplate = actions.promptTemplate, invalidActionMessage = actions.invalidActionMessage } = options;
  const {
    oracle = ({ task, turn }) => {
      const query = asQuery(task.question);
      const searches = turn === 0 && maxSearches > 0 && query !== '';
      return actions.render(searches ? { search: query } : { answer: task.goldenAnswers[0] ?? '' });
    },
  } = options;
  const limits: EpisodeLimits = { maxTokensPerTurn, maxObservationTokens, maxContextTokens, stop: actions.stop };
  checkWhole('topK', topK, 1);
  checkWhole('maxSearches', maxSearches, 0);
  checkLimits(limits);
  checkWhole('retrievalTimeout', retrievalTimeout, 1);
  if (!Number.isFinite(formatReward)) throw new ConfigError('expected a number', { where: 'formatReward' });
  checkPromptTemplate(promptTemplate);

  const around = (written: string): ObservationFrame => {
    const own = actions.around(written);
    const before = observationPrefix === undefined ? own : { prefix: observationPrefix, lead: '' };
    return { prefix: before.prefix, lead: before.lead, suffix: observationSuffix ?? own.suffix };
  };

  /** The state after a turn, before its call is carried out. */
  const act = (turn: Turn): { state: EpisodeState; call: SearchCall; action: Action } => {
    const { text } = turn.completion;
    const { thought: _, ...call } = actions.parse(text);
    return { state: takeTurn(turn), call, action: recordOf(turn.state.turn, text, call) };
  };

  const isCarriedOut = (state: EpisodeState, call: SearchCall) =>
    call.kind !== 'answer' && call.kind !== 'invalid' && state.turn <= maxSearches;

  /** What the policy reads next; null when it does not fit. */
  const encodeResult = (
    state: EpisodeState,
    action: Action,
    result: SearchResult | null,
    tokenizer: EpisodeTokenizer,
  ): Segment | null => {
    if (result === null || 'error' in result) {
      const maxTokens = messageRoom({ state, limits, tokenizer });
      return encodeMessage({ message: invalidActionMessage, maxTokens, tokenizer });
    }
    const maxTokens = observationRoom({ state, limits, tokenizer });
    const shape = { ...around(action.text), maxTokens, tokenizer };
    return 'documents' in result
      ? encodeObservation({ ...shape, documents: result.documents, documentTemplate })
      : encodeObservationText({ ...shape, text: result.text });
  };

  const finish = (
    state: EpisodeState,
    action: Action,
    result: SearchResult | null,
    tokenizer: EpisodeTokenizer,
  ): EpisodeState => {
    const documents = result !== null && 'documents' in result ? { documents: result.documents } : {};
    const executed = result === null ? action.executed : 'documents' in result || ('text' in result && !result.isError);
    const acted = { ...state, actions: [...state.actions, { ...action, executed, ...documents }] };
    if (result !== null && 'error' in result) return endWithoutAnswer(acted, 'error', result.error);
    if (action.answer !== undefined) {
      const correct = exactMatch(action.answer, state.task.goldenAnswers);
      const reward = correct ? 1 : formatReward;
      return endEpisode(acted, { correct, reward, answer: action.answer, endedBy: 'answer' });
    }
    if (state.turn > maxSearches) return endWithoutAnswer(acted, 'turns');
    return observe({ state: acted, observation: encodeResult(acted, action, result, tokenizer), limits, tokenizer });
  };

  return {
    name: 'search',

    start({ task, tokenizer }) {
      checkFrame({ frame: around(''), limits, tokenizer });
      const prompt = encodePrompt({ task, template: promptTemplate, appendQuestionMark, tokenizer });
      const state = { task, turn: 0, segments: [prompt], actions: [], next: null, outcome: null };
      return awaitTurn({ state, limits, tokenizer });
    },

    async step({ turns, tokenizer, signal }) {
      const acted = turns.map(act);
      const results = await carryOut({
        calls: acted.map(({ state, call }) => (isCarriedOut(state, call) ? { call, actions: state.actions } : null)),
        retriever,
        topK,
        timeout: retrievalTimeout,
        signal,
      });
      return acted.map(({ state, action }, index) => finish(state, action, results[index] ?? null, tokenizer));
    },

    oracle,
  };
}
