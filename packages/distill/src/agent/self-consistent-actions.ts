import { ConfigError, EnvironmentError } from '@dgpo/trajectory';
import { requireCount } from '../require-options.js';
import {
  type AgentCompletion,
  type AgentEnvironment,
  type AgentEpisode,
  type AgentPolicy,
  type AgentRequest,
  tokenizerOf,
} from './episode.js';
import { type CandidateTurn, outcomeOf, referenceOutcomeOf } from './outcome-of.js';
import { type Vote, voteOnOutcomes } from './vote.js';

/** What self-consistency took and gave so far. */
export interface SelfConsistencyCost {
  /** Turns that were voted on. */
  turns: number;
  /** Candidates sampled: calls of the policy, one row each. */
  calls: number;
  /** Context tokens of all calls. */
  promptTokens: number;
  /** Tokens sampled, those of the candidates that lost included. */
  policyTokens: number;
  /** Candidates carried out; candidates of the same tokens are carried out once. */
  executions: number;
  /** Candidates that could not be read or carried out. */
  invalid: number;
  /** Turns without a valid candidate. */
  turnsWithoutValid: number;
  /** Turns in which no two valid candidates agreed, so that the first one was taken. */
  turnsWithoutAgreement: number;
  /** Wall time of sampling and of carrying out, in seconds. */
  samplingSeconds: number;
  executionSeconds: number;
}

export interface SelfConsistentActionsOptions {
  policy: AgentPolicy;
  /** The one that the episodes are played in; its `step` forks, since it leaves the states that it is given as they are. */
  environment: AgentEnvironment;
  /** Candidates per turn; 1 is the policy alone. @default 8 */
  samples?: number;
  /** Of the candidates, whatever the episode loop asks for. @default 0.4 */
  temperature?: number;
  /** The key that equal outcomes share, null for a candidate to drop. @default outcomeOf */
  outcome?: (candidate: CandidateTurn) => string | null;
  /** `reference` votes by the original key, {@link referenceOutcomeOf}. @default the outcome */
  compat?: 'reference';
  /** After every vote. */
  onVote?: (vote: Vote & { id: string; turn: number; candidates: AgentCompletion[] }) => void;
  /** Aborting rejects with the signal's reason while candidates are carried out. */
  signal?: AbortSignal;
  /** Milliseconds, for the cost alone. @default performance.now */
  now?: () => number;
}

/** A policy of one action per turn. */
export interface SelfConsistentPolicy extends AgentPolicy {
  cost(): SelfConsistencyCost;
}

function requireEpisode({ id, episode }: AgentRequest): AgentEpisode {
  if (episode !== undefined) return episode;
  throw new EnvironmentError('the request carries no episode, which the episode loop always passes', {
    where: `self-consistent actions, request ${id}`,
  });
}

/** Every candidate in its own fork; those of the same tokens share one. */
async function carryOut(
  options: SelfConsistentActionsOptions,
  states: readonly { state: AgentEpisode; candidates: readonly AgentCompletion[] }[],
): Promise<{ candidates: CandidateTurn[][]; executions: number }> {
  const { environment, policy, signal } = options;
  const turns: { state: AgentEpisode; completion: AgentCompletion }[] = [];
  const places = states.map(({ state, candidates }) => {
    const known = new Map<string, number>();
    return candidates.map((completion) => {
      const key = completion.tokenIds.join();
      const place = known.get(key) ?? turns.push({ state, completion }) - 1;
      known.set(key, place);
      return place;
    });
  });
  const after = await environment.step({ turns, tokenizer: policy, signal });
  const candidates = states.map(({ state: before, candidates: completions }, row) =>
    completions.map((completion, index): CandidateTurn => {
      const reached = after[places[row]?.[index] ?? -1];
      if (reached !== undefined) return { before, after: reached, completion };
      throw new EnvironmentError(`${turns.length} turns were to be carried out, ${after.length} were`, {
        where: 'self-consistent actions',
      });
    }),
  );
  return { candidates, executions: turns.length };
}

/**
 * Self-consistent action generation as a policy for the episode loop: in every turn `samples` candidates are sampled, each is carried out
 * on a fork of the state, those that cannot be read or carried out are dropped, and the others vote by their outcome
 * ({@link voteOnOutcomes}). The chosen turn is given exactly as sampled, tokens and log-probabilities; the loop carries it out once more.
 * Forks share nothing: unlike in the reference, where candidates run one after the other in the live interpreter, no candidate sees the
 * variables of another one. Works with every environment whose states are plain data.
 *
 * Candidate i of a turn draws from `random.split('candidate', i)` of that turn's request, so results do not depend on the batch. All
 * candidates of a batch are sampled together: the policy sees `samples` rows per episode.
 *
 * Source: agent distillation (arXiv 2505.17612), N = 8 at temperature 0.4.
 * @throws ConfigError for options out of range. `generate` throws EnvironmentError when a request has no episode or the environment
 * returns too few states, and whatever policy and environment throw.
 */
export function selfConsistentActions(options: SelfConsistentActionsOptions): SelfConsistentPolicy {
  const { policy, samples = 8, temperature = 0.4, compat, onVote, now = () => performance.now() } = options;
  const { outcome = compat === 'reference' ? referenceOutcomeOf : outcomeOf } = options;
  requireCount('samples', samples);
  if (!Number.isFinite(samples))
    throw new ConfigError(`expected a whole number, found ${samples}`, { where: 'samples' });
  if (!(temperature >= 0)) throw new ConfigError(`expected 0 or more, found ${temperature}`, { where: 'temperature' });
  if (compat !== undefined && options.outcome !== undefined) {
    throw new ConfigError('give either compat or an outcome of your own', { where: 'compat' });
  }
  const cost: SelfConsistencyCost = {
    turns: 0,
    calls: 0,
    promptTokens: 0,
    policyTokens: 0,
    executions: 0,
    invalid: 0,
    turnsWithoutValid: 0,
    turnsWithoutAgreement: 0,
    samplingSeconds: 0,
    executionSeconds: 0,
  };
  const idsOf = (id: string) => Array.from({ length: samples }, (_, index) => `${id}~${index}`);

  const sample = async (requests: readonly AgentRequest[]): Promise<AgentCompletion[][]> => {
    const rows = requests.flatMap(({ onToken: _, ...request }) =>
      idsOf(request.id).map((id, index) => ({
        ...request,
        id,
        temperature,
        random: request.random.split('candidate', index),
      })),
    );
    const start = now();
    const completions = await policy.generate(rows);
    cost.samplingSeconds += (now() - start) / 1000;
    if (completions.length !== rows.length) {
      throw new EnvironmentError(`${rows.length} requests but ${completions.length} results`, { where: 'policy' });
    }
    cost.calls += rows.length;
    cost.promptTokens += rows.reduce((sum, { contextTokenIds }) => sum + contextTokenIds.length, 0);
    cost.policyTokens += completions.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    return requests.map((_, row) => completions.slice(row * samples, (row + 1) * samples));
  };

  const count = ({ valid, votes }: Vote) => {
    cost.turns += 1;
    cost.invalid += samples - valid;
    if (valid === 0) cost.turnsWithoutValid += 1;
    else if (valid > 1 && votes === 1) cost.turnsWithoutAgreement += 1;
  };

  return {
    ...tokenizerOf(policy),
    ...(policy.name === undefined ? {} : { name: policy.name }),
    cost: () => ({ ...cost }),
    release: (ids) => policy.release?.(ids.flatMap(idsOf)),
    async generate(requests) {
      const episodes = requests.map(requireEpisode);
      const sampled = await sample(requests);
      const chosen = (row: number, index: number): AgentCompletion => {
        const completion = sampled[row]?.[index] as AgentCompletion;
        for (const tokenId of completion.tokenIds) requests[row]?.onToken?.(tokenId);
        return completion;
      };
      if (samples === 1) return requests.map((_, row) => chosen(row, 0));
      const start = now();
      const states = episodes.map((state, row) => ({ state, candidates: sampled[row] ?? [] }));
      const { candidates, executions } = await carryOut(options, states);
      cost.executionSeconds += (now() - start) / 1000;
      cost.executions += executions;
      return requests.map(({ id }, row) => {
        const vote = voteOnOutcomes((candidates[row] ?? []).map(outcome));
        count(vote);
        onVote?.({ ...vote, id, turn: episodes[row]?.turn ?? 0, candidates: sampled[row] ?? [] });
        return chosen(row, vote.chosen);
      });
    },
  };
}
