import { z } from 'zod';
import { mathFormats } from '../math/math-formats.js';
import { type QuestionRow, questionRow } from '../rows/question-row.js';
import { type BenchmarkName, benchmarkNamed } from './benchmark.js';

type Fields = Readonly<Record<string, unknown>>;

/** The shape in which a benchmark is published. */
export interface Layout {
  /** The fields by which a row is known, for people. */
  fields: string;
  /** The benchmark whose row this is, if the row has this shape. */
  recognise: (row: Fields) => BenchmarkName | undefined;
  schema: z.ZodType<QuestionRow>;
}

const id = z.union([z.string().min(1), z.number()]).nullish();
const text = z.string().min(1, 'expected a text, found an empty one');

/** HotpotQA and 2WikiMultiHopQA; the passages of `context` are not kept, since the model is to find its own. */
const supported = z
  .object({
    _id: id,
    id,
    question: text,
    answer: text,
    type: z.string().nullish(),
    level: z.string().nullish(),
    supporting_facts: z.unknown(),
  })
  .transform(({ _id, id: plain, question, answer, ...metadata }) =>
    questionRow({ id: _id ?? plain, question, answers: [answer], metadata }),
  );

const musique = z
  .object({
    id,
    question: text,
    answer: text,
    answer_aliases: z.array(z.string()).nullish(),
    answerable: z.boolean().nullish(),
    paragraphs: z.array(z.object({ title: z.string(), is_supporting: z.boolean().nullish() })).nullish(),
    question_decomposition: z.array(z.unknown()).nullish(),
  })
  .transform((value, context) => {
    if (value.answerable === false) {
      const message = 'expected a question that can be answered, as in the files musique_ans';
      context.addIssue({ code: 'custom', path: ['answerable'], message });
    }
    const { paragraphs, question_decomposition: steps } = value;
    const title = paragraphs
      ?.filter((paragraph) => paragraph.is_supporting === true)
      .map((paragraph) => paragraph.title);
    return questionRow({
      id: value.id,
      question: value.question,
      answers: [value.answer, ...(value.answer_aliases ?? [])],
      metadata: {
        hops: steps?.length,
        supporting_facts: title === undefined || title.length === 0 ? undefined : { title },
      },
    });
  });

const bamboogle = z
  .object({ id, Question: text, Answer: text })
  .transform(({ id: plain, Question, Answer }) =>
    questionRow({ id: plain, question: Question, answers: [Answer], metadata: {} }),
  );

const target = z.union([z.string().transform((answer) => [answer]), z.array(z.string())]);

/** FlashRAG, and the parquet files of Search-R1, whose answers stand under `reward_model` too. A rendered prompt is not kept. */
const flashRag = z
  .object({
    id,
    question: text,
    golden_answers: z.array(z.string()).nullish(),
    reward_model: z.object({ ground_truth: z.union([target, z.object({ target })]) }).nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform(({ id: plain, question, golden_answers, reward_model, metadata }) => {
    const { context: _, ...known } = metadata ?? {};
    const truth = reward_model?.ground_truth ?? [];
    const answers = golden_answers ?? (Array.isArray(truth) ? truth : truth.target);
    return questionRow({ id: plain, question, answers, metadata: known });
  });

const has = (row: Fields, ...names: string[]) => names.every((name) => row[name] !== undefined && row[name] !== null);

const isMusique = (row: Fields) => has(row, 'question_decomposition') || has(row, 'answer_aliases');
const isTwoWiki = (row: Fields) => has(row, 'supporting_facts') && (has(row, 'evidences') || has(row, 'entity_ids'));
const isHotpot = (row: Fields) =>
  has(row, 'supporting_facts') && (row.type === 'bridge' || row.type === 'comparison') && !isTwoWiki(row);

const isFlashRag = (row: Fields) =>
  has(row, 'question') && (Array.isArray(row.golden_answers) || has(row, 'reward_model'));

const metadataOf = (row: Fields): Fields =>
  typeof row.metadata === 'object' && row.metadata !== null ? { ...row.metadata } : {};

/** The data set that a row of FlashRAG or Search-R1 says it is of. */
function sourceOf(row: Fields): string | undefined {
  const metadata = metadataOf(row);
  const name = row.data_source ?? row.dataset_name ?? metadata.data_source ?? metadata.dataset_name;
  return typeof name === 'string' ? name : undefined;
}

/** Whether a row names a data set that is not this benchmark. */
export function saysOther(row: Fields, name: BenchmarkName): boolean {
  return isFlashRag(row) && sourceOf(row) !== undefined && flashRagName(row) !== name;
}

function flashRagName(row: Fields): BenchmarkName | undefined {
  if (!isFlashRag(row)) return undefined;
  const metadata = metadataOf(row);
  const name = sourceOf(row);
  if (name !== undefined) return benchmarkNamed(name);
  if (isMusique(metadata)) return 'musique';
  if (isTwoWiki(metadata)) return '2wikimultihopqa';
  return isHotpot(metadata) ? 'hotpotqa' : undefined;
}

const when = (name: BenchmarkName, is: (row: Fields) => boolean) => (row: Fields) => (is(row) ? name : undefined);

const flashRagLayout: Layout = {
  fields:
    'FlashRAG or Search-R1 (question, golden_answers, and a data_source or the metadata of one of them, or the name of the benchmark from you)',
  recognise: flashRagName,
  schema: flashRag,
};

/** The layout of rows that do not say what they are: those of FlashRAG, of a benchmark that somebody has named. */
export const layoutOfNamed = (name: BenchmarkName): Layout => ({
  ...flashRagLayout,
  recognise: (row) => (isFlashRag(row) && sourceOf(row) === undefined ? name : undefined),
});

/** The first that recognises a row is its layout, so the narrow ones come first. */
export const layouts: readonly Layout[] = [
  {
    fields: 'agent distillation (question, answer and a dataset_name of one of them)',
    recognise: (row) =>
      has(row, 'question', 'answer') && typeof row.dataset_name === 'string'
        ? benchmarkNamed(row.dataset_name)
        : undefined,
    schema: mathFormats['agent-distillation'],
  },
  flashRagLayout,
  {
    fields: 'MuSiQue (question, answer, answer_aliases, question_decomposition)',
    recognise: when('musique', (row) => has(row, 'question') && isMusique(row)),
    schema: musique,
  },
  {
    fields: '2WikiMultiHopQA (question, answer, supporting_facts, evidences)',
    recognise: when('2wikimultihopqa', (row) => has(row, 'question') && isTwoWiki(row)),
    schema: supported,
  },
  {
    fields: 'HotpotQA (question, answer, supporting_facts, type bridge or comparison)',
    recognise: when('hotpotqa', (row) => has(row, 'question') && isHotpot(row)),
    schema: supported,
  },
  {
    fields: 'GSM-Hard (input, target)',
    recognise: when('gsm-hard', (row) => has(row, 'input', 'target')),
    schema: mathFormats['gsm-hard'],
  },
  {
    fields: 'OlymMATH (problem, answer, subject, a unique_id that begins with OlymMATH)',
    recognise: when(
      'olymmath',
      (row) => has(row, 'problem', 'answer', 'subject') && String(row.unique_id).startsWith('OlymMATH'),
    ),
    schema: mathFormats.olymmath,
  },
  {
    fields: 'MATH (problem, level, subject or type)',
    recognise: when('math-500', (row) => has(row, 'problem', 'level') && (has(row, 'subject') || has(row, 'type'))),
    schema: mathFormats.math,
  },
  {
    fields: 'AIME (problem or Problem with an answer from 0 to 999; Question with Year)',
    recognise: when(
      'aime',
      (row) =>
        (has(row, 'problem', 'answer') || has(row, 'Problem', 'Answer') || has(row, 'Question', 'Answer', 'Year')) &&
        /^\s*\d{1,3}\s*$/.test(String(row.answer ?? row.Answer)),
    ),
    schema: mathFormats.aime,
  },
  {
    fields: 'Bamboogle (Question, Answer)',
    recognise: when('bamboogle', (row) => has(row, 'Question', 'Answer')),
    schema: bamboogle,
  },
];
