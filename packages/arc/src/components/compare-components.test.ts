import { expect, test } from 'vitest';
import { formatTable } from '../format-table.js';
import { compareComponents } from './compare-components.js';
import type { ComponentName, ComponentRow } from './component-rows.js';
import { componentComparisonTable } from './component-tables.js';

const row = (component: ComponentName, taskId: string, measures: ComponentRow['measures']): ComponentRow => ({
  component,
  taskId,
  question: `question ${taskId}`,
  measures,
});

const tasks = ['a', 'b', 'c', 'd', 'e', 'f'];
const baseline = [
  ...tasks.map((id) => row('thinking', id, { exactMatch: 0, f1: 0.25 })),
  row('queryRewriting', 'a', { firstQueryAnswerHit: null, executedSearches: 1 }),
  row('thinking', 'only here', { exactMatch: 1 }),
];
const candidate = [
  ...tasks.map((id) => row('thinking', id, { exactMatch: 1, f1: 0.75 })),
  row('queryRewriting', 'a', { firstQueryAnswerHit: 1, executedSearches: 3 }),
];

test('pairs tasks, measure by measure', () => {
  const comparisons = compareComponents({ baseline, candidate });
  expect(comparisons.map(({ component, measure }) => `${component} ${measure}`)).toEqual([
    'thinking exactMatch',
    'thinking f1',
    'queryRewriting executedSearches',
  ]);
  const [exact, f1, searches] = comparisons;
  expect(exact).toMatchObject({ baseline: 0, candidate: 1, difference: { mean: 1, low: 1, high: 1, count: 6 } });
  // All six for the candidate: the patterns ++++++ and ------ of 2^6, and 2 / 2^6
  expect(exact?.pValue).toBeCloseTo(1 / 32, 12);
  expect(exact?.mcnemar).toMatchObject({ baselineOnly: 0, candidateOnly: 6 });
  expect(exact?.mcnemar?.pValue).toBeCloseTo(1 / 32, 12);
  expect(f1).toMatchObject({ difference: { mean: 0.5 }, mcnemar: null });
  expect(searches).toMatchObject({ difference: { mean: 2, count: 1 }, mcnemar: null });
  expect(formatTable(componentComparisonTable(comparisons))).toMatch(
    /^thinking +exact match +0\.000 +1\.000 +1\.000 \[1\.000, 1\.000\] +0\.031 +0\.031 +6$/m,
  );
});

test('models without a common task have nothing to compare', () => {
  expect(compareComponents({ baseline: [], candidate })).toEqual([]);
  expect(() => compareComponents({ baseline, candidate, bootstrapSamples: 0 })).toThrow(RangeError);
});
