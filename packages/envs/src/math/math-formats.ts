import { z } from 'zod';
import { type QuestionRow, questionRow } from '../rows/question-row.js';
import { lastBoxed } from './last-boxed.js';

const id = z.union([z.string().min(1), z.number()]).nullish();
const answer = z.union([z.string(), z.number()]).transform((value) => String(value).trim());
const text = z.string().min(1, 'expected a question, found an empty text');

/** The end of GSM8K's worked answer. */
const gsm8k = z.object({ id, question: text, answer: z.string() }).transform((value, context) => {
  const mark = value.answer.lastIndexOf('####');
  const golden = mark < 0 ? '' : value.answer.slice(mark + 4).trim();
  if (golden === '') {
    context.addIssue({ code: 'custom', path: ['answer'], message: 'expected it to end with #### and the answer' });
  }
  const solution = value.answer.slice(0, Math.max(mark, 0)).trim();
  return questionRow({ id: value.id, question: value.question, answers: [golden], metadata: { solution } });
});

const gsmHard = z.object({ id, input: text, target: z.number(), code: z.string().nullish() }).transform((value) => {
  const { input, target, code } = value;
  return questionRow({ id: value.id, question: input, answers: [String(target)], metadata: { code } });
});

const math = z
  .object({
    unique_id: id,
    id,
    problem: text,
    answer: answer.nullish(),
    solution: z.string().nullish(),
    level: z.union([z.string(), z.number()]).nullish(),
    subject: z.string().nullish(),
    type: z.string().nullish(),
  })
  .transform((value, context) => {
    const { problem, solution, level, subject, type } = value;
    const golden = value.answer ?? lastBoxed(solution ?? '');
    if (golden === null || golden === '') {
      const message = 'expected the answer here, or a solution with a \\boxed{} answer';
      context.addIssue({ code: 'custom', path: ['answer'], message });
    }
    const metadata = { level, subject: subject ?? type, solution };
    return questionRow({ id: value.unique_id ?? value.id, question: problem, answers: [golden ?? ''], metadata });
  });

const aime = z
  .object({
    id,
    ID: id,
    problem: text.nullish(),
    question: text.nullish(),
    Question: text.nullish(),
    Problem: text.nullish(),
    answer: answer.nullish(),
    Answer: answer.nullish(),
    year: z.union([z.string(), z.number()]).nullish(),
    url: z.string().nullish(),
    solution: z.string().nullish(),
  })
  .transform((value, context) => {
    const question = value.problem ?? value.question ?? value.Problem ?? value.Question ?? '';
    if (question === '')
      context.addIssue({ code: 'custom', path: ['problem'], message: 'expected problem or question' });
    const golden = value.answer ?? value.Answer ?? '';
    if (!/^\d{1,3}$/.test(golden)) {
      const message = `expected a whole number from 0 to 999, found ${golden === '' ? 'none' : golden.slice(0, 40)}`;
      context.addIssue({ code: 'custom', path: ['answer'], message });
    }
    const { year, url, solution } = value;
    return questionRow({ id: value.id ?? value.ID, question, answers: [golden], metadata: { year, url, solution } });
  });

const olymMath = z
  .object({ unique_id: id, id, problem: text, answer, subject: z.string().nullish() })
  .transform(({ unique_id, id: plain, problem, answer: golden, subject }) =>
    questionRow({ id: unique_id ?? plain, question: problem, answers: [golden], metadata: { subject } }),
  );

const agentDistillation = z
  .looseObject({ id, question: text, answer })
  .transform(({ id: plain, question, answer: golden, ...metadata }) =>
    questionRow({ id: plain, question, answers: [golden], metadata }),
  );

/** What a row of each format must be. */
export const mathFormats = {
  gsm8k,
  'gsm-hard': gsmHard,
  math,
  aime,
  olymmath: olymMath,
  'agent-distillation': agentDistillation,
} satisfies Record<string, z.ZodType<QuestionRow>>;

/** The field layout of a file of questions; see {@link readMathTasks}. */
export type MathFormat = keyof typeof mathFormats;
