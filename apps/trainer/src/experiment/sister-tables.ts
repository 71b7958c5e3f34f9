import { formatMarkdownTable } from '@dgpo/arc';
import { pairedDifference, signed } from './paired-difference.js';
import { type SeedInterval, seedInterval } from './seed-interval.js';
import type { SisterModel, SisterPart } from './sister-rows.js';
import type { PlayedModelRun, PlayedSet, SisterRun } from './sister-run.js';

/** A model over its seeds. */
interface ModelRuns {
  /** As `row/model`. */
  id: SisterModel;
  label: string;
  runs: { seed: number; model: PlayedModelRun }[];
}

/** The models of a part that have runs, in the order of its rows. */
export function modelsOf({ rows }: SisterPart, runs: readonly SisterRun[]): ModelRuns[] {
  return rows.flatMap((row) =>
    Object.entries(row.models).flatMap(([name, label]): ModelRuns[] => {
      const own = runs
        .filter((run) => run.row === row.name)
        .sort((a, b) => a.seed - b.seed)
        .flatMap(({ seed, models }) => models.filter((model) => model.name === name).map((model) => ({ seed, model })));
      return own.length === 0 ? [] : [{ id: `${row.name}/${name}`, label, runs: own }];
    }),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number) => (100 * share).toFixed(1);

/** Mean and interval; `top` bounds what cannot be more. */
const shown = ({ mean: value, low, high, values }: SeedInterval, format: (value: number) => string, top?: number) =>
  values.length < 2
    ? format(value)
    : `${format(value)} [${format(Math.max(0, low))}, ${format(Math.min(top ?? high, high))}]`;

const playsOf = ({ runs }: ModelRuns, set: string) =>
  runs.flatMap(({ model }) => model.sets.filter(({ name }) => name === set).map(({ play }) => play));

/** Names of the sets, in the order of the first model that has them. */
const setNames = (models: readonly ModelRuns[]) => [
  ...new Set(models.flatMap(({ runs }) => runs.flatMap(({ model }) => model.sets.map(({ name }) => name)))),
];

/** Success, score, turns, tokens and invalid actions on a set. */
function outcomes(models: readonly ModelRuns[], set: string): string {
  const columns = ['model', 'seeds', 'success %', 'score', 'turns', 'tokens', 'invalid %'];
  const rows = models.flatMap((model) => {
    const plays = playsOf(model, set);
    if (plays.length === 0) return [];
    const over = (key: 'success' | 'score' | 'steps' | 'tokens' | 'invalid') =>
      seedInterval(plays.map((play) => play[key]));
    return [
      [
        model.label,
        String(plays.length),
        shown(over('success'), percent, 1),
        shown(over('score'), percent, 1),
        shown(over('steps'), (value) => value.toFixed(1)),
        shown(over('tokens'), (value) => value.toFixed(0)),
        percent(over('invalid').mean),
      ],
    ];
  });
  return formatMarkdownTable({ columns, rows });
}

/** Success by family of tasks; empty where there are none. */
function families(models: readonly ModelRuns[], set: string): string[] {
  const names = [
    ...new Set(
      models.flatMap((model) => playsOf(model, set).flatMap((play) => play.categories.map((c) => c.category))),
    ),
  ].sort();
  if (names.length < 2) return [];
  const rows = models.flatMap((model) => {
    const plays = playsOf(model, set);
    if (plays.length === 0) return [];
    const cells = names.map((name) => {
      const own = plays.flatMap(({ categories }) => categories.filter(({ category }) => category === name));
      return own.length === 0 ? '–' : percent(mean(own.map(({ success }) => success)));
    });
    return [[model.label, ...cells]];
  });
  return ['Success by family:', '', formatMarkdownTable({ columns: ['model', ...names], rows }), ''];
}

/** What a task took, where wall times were kept. */
function costs(models: readonly ModelRuns[]): string[] {
  if (!models.some(({ runs }) => runs.some(({ model }) => model.seconds !== undefined))) return [];
  const rows = models.map(({ label, runs }) => {
    const per = (value: (model: PlayedModelRun) => number | undefined, digits: number) => {
      const values = runs.flatMap(({ model }) => {
        const sum = value(model);
        return sum === undefined ? [] : [sum / Math.max(1, model.cost.questions)];
      });
      return values.length === 0 ? '–' : mean(values).toFixed(digits);
    };
    return [
      label,
      per(({ cost }) => cost.calls, 1),
      per(({ cost }) => cost.promptTokens, 0),
      per(({ cost }) => cost.policyTokens, 0),
      per(({ seconds }) => seconds, 2),
    ];
  });
  const columns = ['model', 'calls', 'tokens read', 'tokens written', 'seconds'];
  return ['Cost of a question, over all sets:', '', formatMarkdownTable({ columns, rows }), ''];
}

/** Two models on a set, on the seeds that both have the same tasks of. */
interface Comparison {
  label: string;
  set: string;
  pairs: (readonly [candidate: PlayedSet, baseline: PlayedSet])[];
}

function comparisonsOf(part: SisterPart, models: readonly ModelRuns[]): Comparison[] {
  const sets = setNames(models);
  return part.comparisons.flatMap(([first, second]) => {
    const candidate = models.find(({ id }) => id === first);
    const baseline = models.find(({ id }) => id === second);
    if (candidate === undefined || baseline === undefined) return [];
    return sets.flatMap((set) => {
      const setOf = ({ runs }: ModelRuns, seed: number) =>
        runs.find((run) => run.seed === seed)?.model.sets.find(({ name }) => name === set);
      const pairs = candidate.runs.flatMap(({ seed }) => {
        const [mine, theirs] = [setOf(candidate, seed), setOf(baseline, seed)];
        return mine === undefined || theirs === undefined || mine.tasks !== theirs.tasks
          ? []
          : [[mine, theirs] as const];
      });
      return pairs.length === 0 ? [] : [{ label: `${candidate.label} less ${baseline.label}`, set, pairs }];
    });
  });
}

const rightOf = ({ correct }: PlayedSet) => [...correct].map(Number);
const rewardsOf = (set: PlayedSet) => set.rewards ?? rightOf(set);

/** One model less another, in points of what `valuesOf` gives for each task. */
function pointsTable(
  comparisons: readonly Comparison[],
  { measure, valuesOf }: { measure: string; valuesOf: (set: PlayedSet) => number[] },
): string[] {
  const rows = comparisons.map(({ label, set, pairs }) => {
    const cells = pairedDifference({
      candidate: pairs.map(([mine]) => valuesOf(mine)),
      baseline: pairs.map(([, theirs]) => valuesOf(theirs)),
    });
    return [label, set, String(pairs.length), ...cells];
  });
  const columns = [`${measure} in points`, 'set', 'seeds', 'over tasks', 'over seeds'];
  return [formatMarkdownTable({ columns, rows }), ''];
}

/** What an episode of one model takes less what one of another takes, seed by seed. */
function effortTable(comparisons: readonly Comparison[]): string[] {
  const rows = comparisons.map(({ label, set, pairs }) => {
    const cells = (['steps', 'tokens'] as const).map((key) => {
      const digits = key === 'steps' ? 1 : 0;
      const { mean: value, low, high } = seedInterval(pairs.map(([mine, theirs]) => mine.play[key] - theirs.play[key]));
      const difference = signed(value, digits);
      return pairs.length < 2 ? difference : `${difference} [${signed(low, digits)}, ${signed(high, digits)}]`;
    });
    return [label, set, String(pairs.length), ...cells];
  });
  return [formatMarkdownTable({ columns: ['effort', 'set', 'seeds', 'turns', 'tokens'], rows }), ''];
}

/** What models differ by on the tasks and seeds that both have. */
function differences(part: SisterPart, models: readonly ModelRuns[]): string[] {
  const comparisons = comparisonsOf(part, models);
  if (comparisons.length === 0) return [];
  const areScored = comparisons.some(({ pairs }) => pairs.flat().some(({ rewards }) => rewards !== undefined));
  return [
    'Paired differences:',
    '',
    ...pointsTable(comparisons, { measure: 'success', valuesOf: rightOf }),
    ...(areScored ? pointsTable(comparisons, { measure: 'score', valuesOf: rewardsOf }) : []),
    ...effortTable(comparisons),
  ];
}

/** Lines of Markdown of a part; none where nothing of it has run. */
export function sisterTables(part: SisterPart, runs: readonly SisterRun[]): string[] {
  const models = modelsOf(part, runs);
  if (models.length === 0) return [];
  const sets = setNames(models).flatMap((set) => {
    const tasks = models.flatMap((model) => playsOf(model, set))[0]?.episodes ?? 0;
    return [`### On ${set}, ${tasks} tasks`, '', outcomes(models, set), '', ...families(models, set)];
  });
  return [`## ${part.title}`, '', ...sets, ...costs(models), ...differences(part, models)];
}
