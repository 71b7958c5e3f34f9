import type { Outcome, Trajectory } from '@dgpo/trajectory';
import type { Environment, EpisodeState } from './environment.js';
import type { Policy } from './policy.js';

/** The record of an episode that is over. */
export function toTrajectory(options: {
  id: string;
  sample: number;
  state: EpisodeState;
  outcome: Outcome;
  environment: Environment;
  policy: Policy;
}): Trajectory {
  const { id, sample, state, outcome, environment, policy } = options;
  const { task, segments, actions } = state;
  const name = policy.name === undefined ? {} : { policy: policy.name };
  return { id, task, environment: environment.name, ...name, sample, segments, actions, outcome };
}
