import type { Task } from '@dgpo/trajectory';
import type { ApprenticeWorld } from './apprentice-world.js';

/**
 * The hints that a task needs, at most `most`: those that call for most skills which no hint before them calls for come first, then others
 * for the same skills.
 */
export function hintsFor<Skill extends string>(
  { hints, neededFor }: Pick<ApprenticeWorld<Skill>, 'hints' | 'neededFor'>,
  task: Task,
  most = 3,
): string[] {
  const needed = neededFor(task);
  const missing = new Set<Skill>(needed);
  const left = new Map(
    Object.entries<readonly Skill[]>(hints).filter(([, skills]) => skills.some((skill) => needed.includes(skill))),
  );
  const chosen: string[] = [];
  while (chosen.length < most && left.size > 0) {
    const count = (skills: readonly Skill[]) => skills.filter((skill) => missing.has(skill)).length;
    const [hint, skills] = [...left].reduce((best, one) => (count(one[1]) > count(best[1]) ? one : best));
    chosen.push(hint);
    left.delete(hint);
    for (const skill of skills) missing.delete(skill);
  }
  return chosen;
}
