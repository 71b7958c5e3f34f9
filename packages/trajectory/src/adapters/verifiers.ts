import { DatasetError } from '../errors.js';
import { buildTrajectory, type EpisodeParts } from './build-trajectory.js';
import { contentText, isMessages, readMessages, requireMessages } from './chat-messages.js';
import { type Fields, isFields, type LogAdapter } from './log-record.js';
import { questionInPrompt, wasCut } from './record-fields.js';
import { searchR1Syntax } from './search-r1.js';
import { readTaggedText } from './tagged-text.js';

interface Node extends Fields {
  parent?: unknown;
  message: Fields;
}

const isNode = (value: unknown): value is Node => isFields(value) && isFields(value.message);
const isTrace = (record: Fields) => Array.isArray(record.nodes) && isNode(record.nodes[0]);
const isRollout = (record: Fields) =>
  (isMessages(record.completion) && record.prompt !== undefined) ||
  (typeof record.completion === 'string' && record.prompt !== undefined && record.reward !== undefined);

/**
 * Rollouts that `vf-eval --save-results` writes (`prompt`, `completion`, `answer`, `reward`, `info`), and the traces of version 1, a graph of
 * messages under `nodes`: the branch that ends last is the episode. Source: PrimeIntellect-ai/verifiers, `utils/save_utils.py`, `v1/trace.py`.
 */
export const verifiers: LogAdapter = {
  expected: 'an object with prompt, completion and reward, or a trace with task and nodes',
  fits: (record) => isFields(record) && (isTrace(record) || isRollout(record)),
  toTrajectory(record) {
    if (!isFields(record) || !verifiers.fits(record)) throw new DatasetError(`expected ${verifiers.expected}`);
    return buildTrajectory(record, isTrace(record) ? readTrace(record) : readRollout(record));
  },
};

function readRollout(record: Fields): EpisodeParts {
  const { prompt, completion } = record;
  const isCut = wasCut(record);
  const asked = isMessages(prompt)
    ? requireMessages(prompt, 'prompt')
    : [{ role: 'user', content: typeof prompt === 'string' ? prompt : '' }];
  if (typeof completion === 'string') {
    const parts = readTaggedText(completion, searchR1Syntax);
    const text = asked.map(({ content }) => contentText(content)).join('\n\n');
    return {
      ...parts,
      segments: [{ kind: 'prompt', text }, ...parts.segments],
      question: questionInPrompt(text) ?? contentText(asked.findLast(({ role }) => role === 'user')?.content),
    };
  }
  const replies = Array.isArray(completion) ? requireMessages(completion, 'completion') : [];
  return readMessages({ messages: [...asked, ...replies], promptLength: asked.length, isCut });
}

function readTrace(record: Fields): EpisodeParts {
  const nodes = Array.isArray(record.nodes) ? record.nodes : [];
  const path: Node[] = [];
  let at = nodes.length - 1;
  // A parent always stands before its children, so the walk ends.
  for (let node: unknown = nodes[at]; isNode(node); node = nodes[at]) {
    path.unshift(node);
    const { parent } = node;
    if (typeof parent !== 'number' || !(parent >= 0 && parent < at)) break;
    at = parent;
  }
  const first = path.findIndex(({ sampled, message }) =>
    sampled === undefined ? message.role === 'assistant' : sampled === true,
  );
  const isCut = wasCut(record) || (path.at(-1)?.finish_reason ?? null) === 'length';
  const errors = Array.isArray(record.errors) ? record.errors : [];
  const failure: unknown = errors.at(-1);
  return {
    ...readMessages({
      messages: path.map(({ message }) => message),
      promptLength: first === -1 ? path.length : first,
      isCut,
    }),
    ...(isFields(failure) ? { error: String(failure.message ?? failure.type ?? 'error') } : {}),
  };
}
