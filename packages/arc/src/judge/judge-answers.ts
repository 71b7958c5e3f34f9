import { exactMatch } from '@dgpo/trajectory';
import { type AskAllOptions, askAll } from '../endpoint/ask-all.js';
import type { BootstrapOptions } from '../statistics/bootstrap-figures.js';
import { bootstrapInterval } from '../statistics/bootstrap-interval.js';
import type { Figure } from '../statistics/figure.js';
import { type JudgeAgreement, judgeAgreement } from './judge-agreement.js';
import { type JudgeItem, judgePromptVersion, judgeRequest } from './judge-prompt.js';
import { parseVerdict } from './parse-verdict.js';

/**
 * What became of an answer: `judged`; `unanswered`, wrong without asking; `unparseable`, a reply without a verdict; `failed`, no reply;
 * `withoutGold`, nothing to judge by.
 */
const judgeStatuses = ['judged', 'unanswered', 'unparseable', 'failed', 'withoutGold'] as const;

export type JudgeStatus = (typeof judgeStatuses)[number];

/** One answer with its verdict. */
export interface JudgedAnswer extends JudgeItem {
  status: JudgeStatus;
  /** Null where there is no verdict. */
  correct: boolean | null;
  /** Null without golden answers. */
  exactMatch: boolean | null;
  /** Why, in the words of the judge. */
  reason: string | null;
  /** What went wrong: the error, or the start of a reply that is no verdict. */
  problem: string | null;
}

export interface JudgeSummary {
  model: string;
  promptVersion: number;
  /** How many answers there are of each status. */
  counts: Record<JudgeStatus, number>;
  /** Share of correct answers by the judge, over those that were judged or missing (missing is wrong). */
  accuracy: Figure;
  /** Exact match over the same answers. */
  exactMatch: Figure;
  /** Over the judged answers. */
  agreement: JudgeAgreement;
  answers: JudgedAnswer[];
}

export interface JudgeAnswersOptions extends BootstrapOptions, Omit<AskAllOptions, 'requests'> {
  items: readonly JudgeItem[];
}

/**
 * Has a model judge answers against their golden answers. Verdicts that are missing are counted and left out of the figures, never taken
 * for wrong. To keep verdicts between calls, wrap the model in `openCachedChat`, keeping replies with {@link parseVerdict}.
 *
 * @throws RangeError if an option makes no sense.
 */
export async function judgeAnswers(options: JudgeAnswersOptions): Promise<JudgeSummary> {
  const { items, bootstrapSamples = 1000, confidence = 0.95, seed = 0, ...asking } = options;
  const bootstrap = { bootstrapSamples, confidence, seed };
  const asked = items.filter(({ answer, goldenAnswers }) => isAnswer(answer) && goldenAnswers.length > 0);
  const replies = await askAll({ ...asking, requests: asked.map(judgeRequest) });
  const outcomes = new Map(asked.map((item, index) => [item, replies[index]]));

  const answers = items.map((item): JudgedAnswer => {
    const { answer, goldenAnswers } = item;
    const base = {
      ...pick(item),
      correct: null,
      exactMatch: goldenAnswers.length === 0 ? null : exactMatch(answer, goldenAnswers),
      reason: null,
      problem: null,
    };
    if (goldenAnswers.length === 0) return { ...base, status: 'withoutGold' };
    if (!isAnswer(answer)) return { ...base, status: 'unanswered', correct: false };
    const outcome = outcomes.get(item);
    if (outcome === undefined) return { ...base, status: 'failed', problem: 'not asked' };
    if ('problem' in outcome) return { ...base, status: 'failed', problem: outcome.problem };
    const verdict = parseVerdict(outcome.reply.text);
    if (verdict === null) return { ...base, status: 'unparseable', problem: startOf(outcome.reply.text) };
    return { ...base, status: 'judged', ...verdict };
  });

  const decided = answers.filter(({ correct }) => correct !== null);
  const figure = (values: number[]) => bootstrapInterval({ ...bootstrap, values, clusters: decided.map(questionKey) });
  return {
    model: asking.chat.model,
    promptVersion: judgePromptVersion,
    counts: Object.fromEntries(
      judgeStatuses.map((status) => [status, answers.filter((answer) => answer.status === status).length]),
    ) as Record<JudgeStatus, number>,
    accuracy: figure(decided.map(({ correct }) => Number(correct))),
    exactMatch: figure(decided.map((answer) => Number(answer.exactMatch))),
    agreement: judgeAgreement({
      ...bootstrap,
      pairs: answers
        .filter(({ status }) => status === 'judged')
        .map((answer) => ({ judge: answer.correct === true, exactMatch: answer.exactMatch === true })),
    }),
    answers,
  };
}

const pick = ({ id, question, goldenAnswers, answer }: JudgeItem): JudgeItem => ({
  id,
  question,
  goldenAnswers,
  answer,
});

const isAnswer = (answer: string | null): answer is string => answer !== null && answer.trim() !== '';

/** Several samples of one question are drawn together. */
const questionKey = ({ question, goldenAnswers }: JudgeItem) => [question, ...goldenAnswers].join('\u0000');

const startOf = (text: string) => (text.trim() === '' ? 'an empty reply' : text.trim().slice(0, 200));
