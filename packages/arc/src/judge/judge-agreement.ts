import { createRandom } from '@dgpo/trajectory';
import { type BootstrapOptions, completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import { bootstrapInterval } from '../statistics/bootstrap-interval.js';
import { emptyFigure, type Figure } from '../statistics/figure.js';
import { quantile } from '../statistics/quantile.js';

/** How often judge and exact match said what. */
export interface JudgeConfusion {
  bothCorrect: number;
  /** Right answers in other words, if the judge is right. */
  judgeOnly: number;
  exactMatchOnly: number;
  neither: number;
}

export interface JudgeAgreement {
  /** Share of answers on which both say the same. */
  accuracy: Figure;
  /**
   * Cohen's kappa, `(accuracy - expected) / (1 - expected)`, where `expected` is the accuracy of two readers who say correct as often as
   * these, but at random: 1 is full agreement, 0 what chance gives. The interval is a percentile bootstrap over answers.
   */
  kappa: Figure;
  confusion: JudgeConfusion;
}

export interface JudgeAgreementOptions extends BootstrapOptions {
  /** Both verdicts on each answer. */
  pairs: readonly { judge: boolean; exactMatch: boolean }[];
}

const cells = ['bothCorrect', 'judgeOnly', 'exactMatchOnly', 'neither'] as const;

/**
 * Agreement of a judge with exact match. Kappa: Cohen 1960, "A coefficient of agreement for nominal scales"; 1 if both only ever said the
 * same single thing.
 *
 * @throws RangeError if an option makes no sense.
 */
export function judgeAgreement({ pairs, ...options }: JudgeAgreementOptions): JudgeAgreement {
  const { bootstrapSamples, confidence, seed } = completeBootstrapOptions(options);
  const places = pairs.map(({ judge, exactMatch }) => 2 * Number(!judge) + Number(!exactMatch));
  // Both correct 0, judge only 1, exact match only 2, neither 3.
  const counts = countOf(places);
  const accuracy = bootstrapInterval({
    ...{ bootstrapSamples, confidence, seed },
    values: pairs.map(({ judge, exactMatch }) => Number(judge === exactMatch)),
  });
  const confusion = Object.fromEntries(
    cells.map((cell, place) => [cell, counts[place] ?? 0]),
  ) as unknown as JudgeConfusion;
  if (pairs.length === 0) return { accuracy, kappa: emptyFigure(), confusion };

  const random = createRandom(seed).split('judge-agreement', pairs.length);
  const drawn = Float64Array.from({ length: bootstrapSamples }, () =>
    kappaOf(countOf(places.map(() => places[random.integer(places.length)] ?? 0))),
  ).sort();
  const tail = (1 - confidence) / 2;
  const kappa = {
    mean: kappaOf(counts),
    low: quantile(drawn, tail),
    high: quantile(drawn, 1 - tail),
    count: pairs.length,
  };
  return { accuracy, kappa, confusion };
}

function countOf(places: readonly number[]): number[] {
  const counts = [0, 0, 0, 0];
  for (const place of places) counts[place] = (counts[place] ?? 0) + 1;
  return counts;
}

function kappaOf([both = 0, judge = 0, exact = 0, neither = 0]: readonly number[]): number {
  const total = both + judge + exact + neither;
  const observed = (both + neither) / total;
  const expected = ((both + judge) * (both + exact) + (neither + exact) * (neither + judge)) / total ** 2;
  return expected === 1 ? 1 : (observed - expected) / (1 - expected);
}
