import type { MeasureName } from '../measures/measure-trajectory.js';
import type { BootstrapOptions } from '../statistics/bootstrap-figures.js';
import { completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import type { Figure } from '../statistics/figure.js';
import { type McnemarResult, mcnemar } from '../statistics/mcnemar.js';
import { pairedBootstrap } from '../statistics/paired-bootstrap.js';
import { permutationTest } from '../statistics/permutation-test.js';
import { type ComponentName, type ComponentRow, componentMeasures, componentNames } from './component-rows.js';

/** One measure of one component, of two models on the same tasks. */
export interface ComponentComparison {
  component: ComponentName;
  measure: MeasureName;
  /** Mean of the baseline over the tasks that both have. */
  baseline: number;
  /** Mean of the candidate over the same tasks. */
  candidate: number;
  /** Candidate minus baseline with its paired bootstrap interval; `count` is the number of tasks. */
  difference: Figure;
  /** Two-sided paired permutation test. */
  pValue: number;
  /** McNemar's exact test where each task is right or wrong; null for shares and counts. */
  mcnemar: McnemarResult | null;
}

export interface CompareComponentsOptions extends BootstrapOptions {
  /** Of the model compared against. */
  baseline: readonly ComponentRow[];
  /** Of the model in question. */
  candidate: readonly ComponentRow[];
}

const graded: ReadonlySet<MeasureName> = new Set(['f1', 'titleRecall', 'executedSearches']);

/**
 * Compares two models task by task on each ARC component. Tasks are matched by id and question; what only one of the two has, or what was
 * not measured on both, is left out, and a measure without any such task is not in the result.
 *
 * @throws RangeError if an option makes no sense.
 */
export function compareComponents(options: CompareComponentsOptions): ComponentComparison[] {
  const bootstrap = completeBootstrapOptions(options);
  const before = new Map(options.baseline.map((row) => [keyOf(row), row]));
  return componentNames.flatMap((component) => {
    const pairs = options.candidate
      .filter((row) => row.component === component)
      .flatMap((candidate) => {
        const baseline = before.get(keyOf(candidate));
        return baseline === undefined ? [] : [{ baseline, candidate }];
      });
    return componentMeasures[component].flatMap((measure): ComponentComparison[] => {
      const values = pairs.flatMap(({ baseline, candidate }) => {
        const [first, second] = [baseline.measures[measure] ?? null, candidate.measures[measure] ?? null];
        return first === null || second === null ? [] : [{ first, second }];
      });
      if (values.length === 0) return [];
      const baseline = values.map(({ first }) => first);
      const candidate = values.map(({ second }) => second);
      return [
        {
          ...{ component, measure },
          baseline: average(baseline),
          candidate: average(candidate),
          difference: pairedBootstrap({ ...bootstrap, baseline, candidate }),
          pValue: permutationTest({ baseline, candidate, seed: bootstrap.seed }).pValue,
          mcnemar: graded.has(measure)
            ? null
            : mcnemar({
                baseline: baseline.map((value) => value === 1),
                candidate: candidate.map((value) => value === 1),
              }),
        },
      ];
    });
  });
}

const keyOf = ({ component, taskId, question }: ComponentRow) => [component, taskId, question].join('\u0000');

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
