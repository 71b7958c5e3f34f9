import type { Trajectory } from '@dgpo/trajectory';

const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * What a batch of episodes looks like, under the metric names of TRL. Episodes that the world broke say nothing about the policy:
 * `errors` (their share) counts them, no other figure does.
 */
export function episodeMetrics(played: readonly Trajectory[]): Record<string, number> {
  const episodes = played.filter((episode) => episode.outcome.endedBy !== 'error');
  const rewards = episodes.map((episode) => episode.outcome.reward);
  const reward = mean(rewards);
  const lengths = episodes.map((episode) =>
    episode.segments.reduce(
      (sum, segment) => sum + (segment.kind === 'policy' ? (segment.tokenIds?.length ?? 0) : 0),
      0,
    ),
  );
  const actions = episodes.flatMap((episode) => episode.actions);
  const searches = episodes.map(
    (episode) => episode.actions.filter((action) => action.kind === 'search' && action.executed).length,
  );
  return {
    reward,
    reward_std: Math.sqrt(mean(rewards.map((value) => (value - reward) ** 2))),
    correct: mean(episodes.map((episode) => (episode.outcome.correct ? 1 : 0))),
    'completions/mean_length': mean(lengths),
    valid_action_rate: mean(actions.map((action) => (action.kind === 'invalid' ? 0 : 1))),
    searches: mean(searches),
    answered: mean(episodes.map((episode) => (episode.outcome.answer === null ? 0 : 1))),
    errors: played.length === 0 ? 0 : 1 - episodes.length / played.length,
  };
}
