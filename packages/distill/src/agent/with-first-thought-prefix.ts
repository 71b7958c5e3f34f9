import { DatasetError, type Segment, type Trajectory } from '@dgpo/trajectory';
import { type AgentPolicy, type AgentRequest, type AgentTokenizer, tokenizerOf } from './episode.js';

export interface FirstThoughtPrefixOptions {
  policy: AgentPolicy;
  /** By task id; see `firstThoughtPrefixes`. */
  prefixes: ReadonlyMap<string, string>;
}

/** A policy whose first turns begin with a prefix. */
export interface PrefixedPolicy extends AgentPolicy {
  /**
   * First turns so far: that had their prefix; whose task has none; whose prefix could not be used, since it holds a stop string or leaves
   * no token for the policy.
   */
  usage(): { used: number; missing: number; unusable: number };
}

/**
 * Puts a prefix in front of the first turn of an episode and lets the policy go on from there; later turns are the policy's alone. The
 * prefix is part of the turn: a student is trained on it. It counts towards the turn's limit of tokens, and is encoded as plain text, so
 * that it cannot hold a special token. A policy that sends `episode` in place of `contextTokenIds` finds it as `turnPrefix`.
 *
 * Nobody sampled it, so its log-probabilities are NaN. Give a trajectory to {@link separatePrefix} before it is written: JSON has no NaN.
 * Source: first-thought prefix of agent distillation (arXiv 2505.17612), for the teacher alone.
 */
export function withFirstThoughtPrefix(options: FirstThoughtPrefixOptions): PrefixedPolicy {
  const { policy, prefixes } = options;
  const usage = { used: 0, missing: 0, unusable: 0 };

  const prefixOf = ({
    episode,
    maxTokens,
    stop = [],
  }: AgentRequest): { text: string; tokenIds: number[] } | undefined => {
    if (episode?.turn !== 0) return undefined;
    const prefix = prefixes.get(episode.task.id) ?? '';
    if (prefix === '') {
      usage.missing += 1;
      return undefined;
    }
    const tokenIds = policy.encode(prefix);
    if (tokenIds.length >= maxTokens || stop.some((one) => prefix.includes(one))) {
      usage.unusable += 1;
      return undefined;
    }
    usage.used += 1;
    return { text: prefix, tokenIds };
  };

  return {
    ...tokenizerOf(policy),
    ...(policy.name === undefined ? {} : { name: policy.name }),
    usage: () => ({ ...usage }),
    release: (ids) => policy.release?.(ids),
    async generate(requests) {
      const started = requests.map((request) => ({ request, prefix: prefixOf(request) }));
      for (const { request, prefix } of started)
        for (const tokenId of prefix?.tokenIds ?? []) request.onToken?.(tokenId);
      const completions = await policy.generate(
        started.map(({ request, prefix }) =>
          prefix === undefined
            ? request
            : {
                ...request,
                contextTokenIds: [...request.contextTokenIds, ...prefix.tokenIds],
                maxTokens: request.maxTokens - prefix.tokenIds.length,
                turnPrefix: prefix.text,
              },
        ),
      );
      return completions.map((completion, row) => {
        const prefix = started[row]?.prefix;
        if (prefix === undefined) return completion;
        const tokenIds = [...prefix.tokenIds, ...completion.tokenIds];
        const logProbs = [...prefix.tokenIds.map(() => Number.NaN), ...completion.logProbs];
        return { ...completion, tokenIds, logProbs, text: policy.decode(tokenIds) };
      });
    },
  };
}

function separate(segment: Segment, tokenizer: Pick<AgentTokenizer, 'decode'>, where: string): Segment[] {
  const { kind, tokenIds, logProbs } = segment;
  if (kind !== 'policy' || tokenIds === undefined || logProbs === undefined) return [segment];
  const scored = logProbs.findIndex((value) => !Number.isNaN(value));
  const start = scored < 0 ? logProbs.length : scored;
  if (logProbs.some((value, index) => index >= start && Number.isNaN(value))) {
    throw new DatasetError('a log-probability after the prefix is not a number', { where });
  }
  if (start === 0) return [segment];
  const part = (from: number, to: number): Segment => {
    const ids = tokenIds.slice(from, to);
    return { kind, text: tokenizer.decode(ids), tokenIds: ids };
  };
  const prefix = part(0, start);
  if (start === tokenIds.length) return [prefix];
  return [prefix, { ...part(start, tokenIds.length), logProbs: logProbs.slice(start) }];
}

/**
 * The trajectory with a prefix that was not sampled (log-probabilities NaN) as a policy segment of its own, without log-probabilities, in
 * front of the one that was sampled. The sequence of tokens and its mask stay the same: `flattenTrajectory` gives the same lists.
 * @throws DatasetError when log-probabilities are NaN elsewhere than at the beginning of a turn
 */
export function separatePrefix(trajectory: Trajectory, tokenizer: Pick<AgentTokenizer, 'decode'>): Trajectory {
  const segments = trajectory.segments.flatMap((segment, index) =>
    separate(segment, tokenizer, `trajectory ${trajectory.id}, segment ${index}`),
  );
  return { ...trajectory, segments };
}
