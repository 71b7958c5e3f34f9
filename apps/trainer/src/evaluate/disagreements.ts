import type { ReportComparison } from '@dgpo/arc';
import { normalizeAnswer, type Trajectory } from '@dgpo/trajectory';

export interface DisagreementsOptions {
  /** The models, the one compared against first and the one in question last. */
  sides: readonly { label: string; trajectories: readonly Trajectory[] }[];
  /** How many questions to show at most. */
  count: number;
}

const keyOf = ({ task }: Trajectory) => JSON.stringify([task.id, task.question]);

/** The first episode of every question. */
function byQuestion(trajectories: readonly Trajectory[]): Map<string, Trajectory> {
  const result = new Map<string, Trajectory>();
  for (const trajectory of trajectories) {
    const key = keyOf(trajectory);
    if (!result.has(key)) result.set(key, trajectory);
  }
  return result;
}

const answerOf = ({ outcome }: Trajectory) => (outcome.answer === null ? null : normalizeAnswer(outcome.answer));

/** Takes from each list in turn. */
function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

/**
 * Questions on which the first and the last model differ, side by side: those that one of them alone gets right, gains and losses in
 * turn, then those that both get wrong in different ways. Questions that not all models have are left out.
 */
export function disagreements({ sides, count }: DisagreementsOptions): ReportComparison[] {
  const indexed = sides.map(({ label, trajectories }) => ({ label, episodes: byQuestion(trajectories) }));
  const gains: ReportComparison[] = [];
  const losses: ReportComparison[] = [];
  const others: ReportComparison[] = [];
  for (const key of indexed[0]?.episodes.keys() ?? []) {
    const shown = indexed.flatMap(({ label, episodes }) => {
      const trajectory = episodes.get(key);
      return trajectory === undefined ? [] : [{ label, trajectory }];
    });
    const [first, last] = [shown[0]?.trajectory, shown.at(-1)?.trajectory];
    if (first === undefined || last === undefined || shown.length < indexed.length) continue;
    if (first.outcome.correct !== last.outcome.correct) (last.outcome.correct ? gains : losses).push({ sides: shown });
    else if (!first.outcome.correct && answerOf(first) !== answerOf(last)) others.push({ sides: shown });
  }
  return [...interleave([gains, losses]), ...others].slice(0, count);
}
