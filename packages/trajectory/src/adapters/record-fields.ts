import { DatasetError } from '../errors.js';
import { asFields, type Fields, firstText, isFields } from './log-record.js';

/** The record and what is nested in it, outermost first, as the systems nest their data sets. */
function holders(record: Fields): Fields[] {
  const task = asFields(record.task);
  const nested = [task?.data, task, record.info, record.extra_info, record.metadata, record.example, record.item];
  return [record, ...nested.map(asFields).filter((fields) => fields !== null)];
}

const questionKeys = ['question', 'query', 'problem', 'user_query', 'question_text'];

/** What was asked; null if no key says it. */
export function readQuestion(record: Fields): string | null {
  for (const fields of holders(record)) {
    const found = firstText(fields, questionKeys);
    if (found !== null) return found.trim();
  }
  return null;
}

/** The text after the last line that begins with `Question:`, as prompts end. */
export function questionInPrompt(prompt: string): string | null {
  const at = prompt.lastIndexOf('Question:');
  const line = at === -1 ? '' : (prompt.slice(at + 'Question:'.length).split('\n', 1)[0] ?? '');
  const text = line.replace(/<\|im_end\|>.*$/, '').trim();
  return text === '' ? null : text;
}

const goldenKeys = [
  'golden_answers',
  'gold_answers',
  'gold_answer',
  'golden_answer',
  'gold',
  'gts',
  'ground_truth',
  'ground_truths',
  'targets',
  'target',
  'expected_answer',
  'correct_answer',
  'reference_answer',
];
/** Golden where no key above is: systems also write down under these what the policy answered. */
const answerKeys = ['answers', 'answer'];

/** Text, numbers, lists of both, and objects of the shapes `{ target }`, `{ value, aliases }`, `{ ground_truth }`. */
function toAnswers(value: unknown): string[] {
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(toAnswers);
  if (isFields(value)) {
    return ['target', 'value', 'aliases', 'ground_truth', 'answer'].flatMap((key) => toAnswers(value[key]));
  }
  if (typeof value !== 'string' || value.trim() === '') return [];
  if (value.startsWith('["') && value.endsWith('"]')) {
    try {
      return toAnswers(JSON.parse(value));
    } catch {
      return [value];
    }
  }
  return [value];
}

/** The golden answers under the first key that has some, with its aliases, a key that says so before `answer`; empty when no key has. */
export function readGoldenAnswers(record: Fields): string[] {
  const reward = asFields(record.reward_model);
  const all = [...holders(record), ...(reward === null ? [] : [reward])];
  return answersUnder(all, goldenKeys) ?? answersUnder(all, answerKeys) ?? [];
}

function answersUnder(all: readonly Fields[], keys: readonly string[]): string[] | null {
  for (const fields of all) {
    for (const key of keys) {
      const answers = toAnswers(fields[key]);
      if (answers.length === 0) continue;
      const aliases = ['answer_aliases', 'aliases'].flatMap((name) => toAnswers(fields[name]));
      return [...new Set([...answers, ...aliases])];
    }
  }
  return null;
}

const idKeys = ['id', '_id', 'qid', 'question_id', 'example_id', 'task_id', 'uid', 'idx'];
const isId = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isFinite(value));

/** The id of the question; the question itself if the log has none, so that two logs of the same questions can be paired. */
export function readTaskId(record: Fields, question: string): string {
  const data = asFields(asFields(record.task)?.data);
  for (const fields of [...(data === null ? [] : [data]), record]) {
    // The id of a trace is that of the episode, not of its question.
    if (fields === record && Array.isArray(record.nodes)) break;
    const key = idKeys.find((name) => isId(fields[name]));
    if (key !== undefined) return String(fields[key]);
  }
  const extra = asFields(record.extra_info);
  if (extra !== null && isId(extra.index)) {
    return [record.data_source, extra.split, extra.index].filter(isId).join('-');
  }
  return question;
}

/** Which of the samples of its question the record says it is; 0 if it says nothing. */
export function readSample(record: Fields): number {
  const key = ['sample', 'sample_id', 'sample_index', 'rollout_index', 'rollout_id'].find(
    (name) => Number.isSafeInteger(record[name]) && Number(record[name]) >= 0,
  );
  return key === undefined ? 0 : Number(record[key]);
}

/** Named rewards of verifiers: numbers, or scores with weights. */
function sumRewards(rewards: Fields): unknown {
  const values = Object.values(rewards).flatMap((reward) => {
    if (reward === null) return [];
    return isFields(reward) ? [Number(reward.score) * Number(reward.weight ?? 1)] : [Number(reward)];
  });
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

/** The reward, null if the log has none. @throws DatasetError if it is not a finite number. */
export function readReward(record: Fields): number | null {
  const key = ['reward', 'score', 'total_reward', 'rewards'].find((name) => record[name] !== undefined);
  const raw = key === undefined ? null : record[key];
  const value = key === 'rewards' && isFields(raw) ? sumRewards(raw) : raw;
  if (value === null || Array.isArray(value) || isFields(value)) return null;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'boolean') return Number(number);
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new DatasetError(`${key}: expected a finite number, found ${plainValue(value)}`);
  }
  return number;
}

const plainValue = (value: unknown) => String(value).slice(0, 40);
const verdicts = new Map<string, boolean>([
  ['true', true],
  ['yes', true],
  ['correct', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['incorrect', false],
  ['wrong', false],
  ['0', false],
]);

/** What the log says of the answer: its own flag or the verdict of its judge; null if it says nothing. @throws DatasetError if it is neither. */
export function readCorrect(record: Fields): boolean | null {
  const key = ['correct', 'is_correct', 'gpt4o_output', 'judge', 'em', 'exact_match'].find(
    (name) => record[name] !== undefined && record[name] !== null && !isFields(record[name]),
  );
  if (key === undefined) return null;
  const verdict = verdicts.get(String(record[key]).trim().toLowerCase());
  if (verdict !== undefined) return verdict;
  throw new DatasetError(`${key}: expected true or false, found ${plainValue(record[key])}`);
}

const metadataKeys = ['type', 'level', 'hops', 'supporting_facts', 'data_source', 'dataset'];

/** What the record says of its question beyond text and answers, for groups and for the titles of the evidence. */
export function readMetadata(record: Fields): Record<string, unknown> | null {
  const found = holders(record).flatMap((fields) =>
    metadataKeys.flatMap((key) =>
      fields[key] === undefined || fields[key] === null ? [] : [[key, fields[key]] as const],
    ),
  );
  const metadata = { ...asFields(record.metadata), ...Object.fromEntries(found.reverse()) };
  return Object.keys(metadata).length === 0 ? null : metadata;
}

/** True when the record says that generation was cut off. */
export function wasCut(record: Fields): boolean {
  if (record.is_truncated === true || record.truncated === true) return true;
  const reason = firstText(record, [
    'finish_reason',
    'stop_reason',
    'stop_reason_final',
    'stop_condition',
    'done_reason',
  ]);
  return reason !== null && /^(?:length|max_tokens|max_length|context|prompt_too_long)/.test(reason);
}

/** What failed around the policy; null if nothing did. */
export function readError(record: Fields): string | null {
  const { error } = record;
  if (typeof error === 'string') return error.trim() === '' ? null : error;
  if (!isFields(error)) return null;
  return firstText(error, ['message', 'error_chain_str', 'error', 'type']) ?? JSON.stringify(error);
}
