import { DatasetError } from '../errors.js';
import type { Action, Segment } from '../trajectory.js';
import { blankEpisode, buildTrajectory, type EpisodeParts } from './build-trajectory.js';
import { findRunningText, hasMarkedText, type RunningText, type TextMarks } from './find-running-text.js';
import { detach, isFields, type LogAdapter } from './log-record.js';
import { questionInPrompt, readQuestion } from './record-fields.js';
import { splitDocuments } from './split-documents.js';
import { toolAction } from './tool-actions.js';

const marks: TextMarks = { tags: ['Action:', 'Action 1:', 'Thought:', 'Thought 1:', 'Final Answer:'] };

function find(record: unknown): RunningText | null {
  const found = findRunningText(record, marks);
  if (found === null || found.prompt !== '') return found;
  const end = promptEnd(found.response, isFields(record) && readQuestion(record) !== null);
  return { prompt: found.response.slice(0, end), response: found.response.slice(end) };
}

/**
 * Logs of scripts begin with the question, after examples perhaps. What the policy wrote comes after the last question that a step directly
 * follows; where the record names another question, such a one is what the policy made up, and the last one before the first step counts.
 */
function promptEnd(text: string, isNamed: boolean): number {
  const first = text.search(/^(?:Thought|Action)(?: ?1)?:/m);
  const asked = [
    ...text.matchAll(/^Question(?: ?\d{1,4})?:.*\n(?=(?:[ \t]*\n){0,2}(?:Thought|Action)(?: ?1)? ?:)/gm),
  ].at(-1);
  if (!isNamed && first !== 0 && asked !== undefined) return asked.index + asked[0].length;
  const question = text.lastIndexOf('Question:', Math.max(first, 0));
  return question === -1 ? 0 : text.indexOf('\n', question) + 1;
}

/**
 * ReAct as running text: `Thought:`, `Action: search[query]` or `Action:` with `Action Input:`, `Observation:`, and `Action: finish[answer]`
 * or `Final Answer:` at the end, with or without numbers. Sources: ReAct (arXiv 2210.03629); LangChain's ReAct agent for the second form.
 */
export const react: LogAdapter = {
  expected: 'an object with question and a text of Thought:, Action: and Observation: lines',
  fits: (record) => hasMarkedText(record, marks),
  accepts: (record) => find(record) !== null,
  toTrajectory(record) {
    const found = find(record);
    if (!isFields(record) || found === null) throw new DatasetError(`expected ${react.expected}`);
    const parts = readReactText(found.response);
    const question = questionInPrompt(found.prompt);
    return buildTrajectory(record, {
      ...parts,
      segments: [{ kind: 'prompt', text: found.prompt }, ...parts.segments],
      question,
    });
  },
};

interface Label {
  name: 'thought' | 'action' | 'action input' | 'observation' | 'final answer';
  number: string;
  /** Where the line begins, and where the text after the colon does. */
  start: number;
  inner: number;
}

const labelLine = /^[ \t>]{0,8}(thought|action input|action|observation|final answer) ?(\d{0,4}) ?:/gim;

function readReactText(text: string): EpisodeParts {
  if (text.trim() === '') return blankEpisode(text);
  const labels = pickLabels([...text.matchAll(labelLine)].map(toLabel));
  const segments: Segment[] = [];
  const actions: Action[] = [];
  let at = 0;
  let first = 0;
  let turn = 0;
  const readTurn = (end: number, last: number, observation: string | null) => {
    const written = text.slice(at, end);
    if (written === '') return;
    segments.push({ kind: 'policy', text: written });
    const own = labels.slice(first, last);
    const action = readAction({ text, written, end, labels: own, turn, observation });
    if (action !== null) {
      actions.push(action);
      turn += 1;
    }
  };
  for (const [index, label] of labels.entries()) {
    if (label.name !== 'observation') continue;
    const end = labels[index + 1]?.start ?? text.length;
    readTurn(label.start, index, text.slice(label.inner, end));
    segments.push({ kind: 'observation', text: text.slice(label.start, end) });
    at = end;
    first = index + 1;
  }
  readTurn(text.length, labels.length, null);
  return { segments, actions };
}

function toLabel(match: RegExpExecArray): Label {
  const name = (match[1] ?? '').toLowerCase() as Label['name'];
  return { name, number: match[2] ?? '', start: match.index, inner: match.index + match[0].length };
}

/**
 * Without the lines of passages that only look like labels: after `Observation 2:` the policy goes on with `Thought 3:` or `Action 3:`, and
 * where labels have no numbers, with `Thought:` or `Final Answer:` if it thinks at all.
 */
function pickLabels(labels: readonly Label[]): Label[] {
  const hasThoughts = labels[0]?.name === 'thought';
  const picked: Label[] = [];
  for (const label of labels) {
    const last = picked.at(-1);
    if (last?.name === 'observation') {
      const { name, number } = label;
      const goesOn =
        name === 'final answer' ||
        (last.number !== ''
          ? (name === 'thought' || name === 'action') && Number(number) === Number(last.number) + 1
          : name === 'thought' || (name === 'action' && !hasThoughts));
      if (!goesOn) continue;
    }
    picked.push(label);
  }
  return picked;
}

interface Turn {
  text: string;
  written: string;
  end: number;
  labels: readonly Label[];
  turn: number;
  observation: string | null;
}

/** The action of a turn; null for a blank one. */
function readAction({ text, written, end, labels, turn, observation }: Turn): Action | null {
  const content = (label: Label) => {
    const next = labels[labels.indexOf(label) + 1]?.start ?? end;
    return text.slice(label.inner, next).trim();
  };
  const final = labels.findLast(({ name }) => name === 'final answer');
  if (final !== undefined && observation === null) {
    return { turn, kind: 'answer', text: written, answer: detach(content(final)), executed: true };
  }
  const action = labels.findLast(({ name }) => name === 'action');
  const invalid: Action = { turn, kind: 'invalid', text: written, executed: false };
  if (action === undefined) return written.trim() === '' ? null : invalid;
  const input = labels.find(({ name, start }) => name === 'action input' && start > action.start);
  const call = input === undefined ? bracketCall(content(action)) : inputCall(content(action), content(input));
  if (call === null) return invalid;
  const documents = observation === null ? undefined : splitDocuments(observation);
  const executed = observation !== null;
  return toolAction({ call, turn, text: written, executed, ...(documents === undefined ? {} : { documents }) });
}

/** `Search[query]`, to the last bracket of the line. */
function bracketCall(content: string) {
  const line = content.split('\n', 1)[0] ?? '';
  const open = line.indexOf('[');
  const close = line.lastIndexOf(']');
  const name = line.slice(0, Math.max(open, 0)).trim();
  return name === '' || close < open ? null : { name, arguments: line.slice(open + 1, close) };
}

function inputCall(name: string, input: string) {
  if (name === '') return null;
  let given: unknown = input.length > 1 && input.startsWith('"') && input.endsWith('"') ? input.slice(1, -1) : input;
  if (input.startsWith('{')) {
    try {
      given = JSON.parse(input);
    } catch {
      given = input;
    }
  }
  return { name, arguments: given };
}
