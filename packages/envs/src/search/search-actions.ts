import {
  type ActionFormat,
  type ActionFormatName,
  type ActionNotes,
  type ActionTool,
  createActionFormat,
  type ObservationFrame,
} from '../actions/action-format.js';
import type { EpisodeTool } from '../tool.js';
import { defaultObservationPrefix, defaultObservationSuffix } from './observation.js';
import type { ParsedAction } from './parse-action.js';
import { defaultPromptTemplate } from './prompt.js';

/** What a turn of the search environment asks for. */
export type SearchCall =
  | ParsedAction
  | { kind: 'open'; document: string }
  | { kind: 'tool'; tool: EpisodeTool; arguments: Readonly<Record<string, unknown>> };

/** The actions of the search environment in one format. */
export interface SearchActions {
  readonly stop: readonly string[];
  readonly promptTemplate: string;
  readonly invalidActionMessage: string;
  around(written: string): ObservationFrame;
  /** Never throws. */
  parse(text: string): SearchCall & { thought: string };
  render(call: { search: string } | { open: string } | { answer: string }, notes?: ActionNotes): string;
}

const searchTool: ActionTool = { name: 'search', argument: 'query', description: 'find passages that match the query' };
const openTool: ActionTool = {
  name: 'open',
  argument: 'document',
  description: 'read a whole document of the last results, by its id or title',
};
const answerTool: ActionTool = {
  name: 'answer',
  argument: 'answer',
  mayBeEmpty: true,
  description: 'finish with the answer alone, in as few words as it needs',
};

/** The prompt and the message that the reference protocol has had from the start: models are trained on them. */
const referenceTexts = {
  promptTemplate: defaultPromptTemplate,
  invalidActionMessage:
    '\nThis turn had no complete action. Look something up with <search>query</search>, or finish with <answer>answer</answer>.\n',
};

const referenceAround = () => ({ prefix: defaultObservationPrefix, lead: '', suffix: defaultObservationSuffix });

function formatTexts(format: ActionFormat) {
  return {
    promptTemplate: `Find the answer to the question below. Look up what you do not know; you may do so several times. Answer as soon as you know enough.\n${format.instructions}\nQuestion: {question}\n`,
    invalidActionMessage: `\n${format.reminder}\n`,
  };
}

/** @throws ConfigError for an unknown format, and for tools whose names are no names or taken */
export function createSearchActions(options: {
  format: ActionFormatName;
  canOpen: boolean;
  tools: readonly EpisodeTool[];
}): SearchActions {
  const { format: name, canOpen, tools } = options;
  const offered = [searchTool, ...(canOpen ? [openTool] : []), ...tools, answerTool];
  const format = createActionFormat({ format: name, tools: offered, observationTag: 'information' });
  const isReference = name === 'tags' && offered.length === 2;
  return {
    stop: format.stop,
    around: name === 'tags' ? referenceAround : format.around,
    ...(isReference ? referenceTexts : formatTexts(format)),
    parse(text) {
      const call = format.parse(text);
      if (call === null) return { kind: 'invalid', thought: '' };
      const { tool: called, arguments: given, thought } = call;
      // First, since a further tool may be called `open` where documents are not opened.
      const tool = tools.find((candidate) => candidate.name === called);
      if (tool !== undefined) return { kind: 'tool', tool, arguments: given, thought };
      if (called === 'search') return { kind: 'search', query: String(given.query), thought };
      if (called === 'answer') return { kind: 'answer', answer: String(given.answer), thought };
      return { kind: 'open', document: String(given.document), thought };
    },
    render(call, notes = {}) {
      if ('search' in call) return format.render({ ...notes, tool: 'search', arguments: { query: call.search } });
      if ('open' in call) return format.render({ ...notes, tool: 'open', arguments: { document: call.open } });
      return format.render({ ...notes, tool: 'answer', arguments: { answer: call.answer } });
    },
  };
}
