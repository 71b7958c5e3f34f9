import type { Trajectory } from '@dgpo/trajectory';

/** Right and wrong episodes in turn. */
export function chooseEpisodes(trajectories: readonly Trajectory[], count: number): Trajectory[] {
  const right = trajectories.filter(({ outcome }) => outcome.correct);
  const wrong = trajectories.filter(({ outcome }) => !outcome.correct);
  const mixed = trajectories.flatMap((_, index) => [right[index], wrong[index]]);
  return mixed.filter((trajectory) => trajectory !== undefined).slice(0, count);
}
