import { selfConsistentActions } from '@dgpo/distill/agent';
import type { Environment, Policy } from '@dgpo/envs';
import type { EndedEpisode } from './play-set.js';
import { type SelfConsistency, votingTemperature } from './self-consistency.js';

type Usage = NonNullable<EndedEpisode['usage']> & { modelCalls: number; promptTokens: number; policyTokens: number };

/** A policy whose turns are voted on. */
export interface VotedPolicy extends Policy {
  /** What all candidates of an episode took; forgotten by being told. */
  takeUsage(id: string): Usage;
}

/** Votes on the turns of a policy and counts what each episode takes. @throws ConfigError for options out of range */
export function createVotedPolicy(options: {
  policy: Policy;
  /** The one that the episodes are played in. */
  environment: Environment;
  selfConsistency: SelfConsistency;
  signal?: AbortSignal | undefined;
}): VotedPolicy {
  const { policy, environment, selfConsistency, signal } = options;
  const { samples, temperature = votingTemperature } = selfConsistency;
  const usages = new Map<string, Usage>();
  const usageOf = (id: string): Usage => {
    const usage = usages.get(id) ?? { modelCalls: 0, promptTokens: 0, policyTokens: 0 };
    usages.set(id, usage);
    return usage;
  };
  const voted = selfConsistentActions({
    policy,
    environment,
    samples,
    temperature,
    onVote: ({ id, candidates }) => {
      usageOf(id).policyTokens += candidates.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    ...voted,
    generate: (requests) => {
      for (const { id, contextTokenIds } of requests) {
        const usage = usageOf(id);
        usage.modelCalls += samples;
        usage.promptTokens += samples * contextTokenIds.length;
      }
      return voted.generate(requests);
    },
    takeUsage: (id) => {
      const usage = usageOf(id);
      usages.delete(id);
      return usage;
    },
  };
}
