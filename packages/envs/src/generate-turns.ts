import { EnvironmentError, type Random } from '@dgpo/trajectory';
import { contextTokenIds, type EpisodeState, type Turn } from './environment.js';
import type { Policy } from './policy.js';

/** An episode that waits for its policy. */
export interface WaitingEpisode {
  id: string;
  state: EpisodeState;
  random: Random;
}

/**
 * One turn of the policy in each of these episodes, in one batch.
 * @throws EnvironmentError when the policy breaks its contract: a missing result, or token ids and log-probabilities that differ in number.
 */
export async function generateTurns(options: {
  policy: Policy;
  episodes: readonly WaitingEpisode[];
  temperature: number;
  topP?: number | undefined;
  onToken?: ((tokenId: number) => void) | undefined;
}): Promise<Turn[]> {
  const { policy, episodes, temperature, topP, onToken } = options;
  const completions = await policy.generate(
    episodes.map(({ id, state, random }) => ({
      id,
      contextTokenIds: contextTokenIds(state),
      maxTokens: state.next?.maxTokens ?? 0,
      temperature,
      ...(topP === undefined ? {} : { topP }),
      stop: state.next?.stop ?? [],
      random,
      episode: state,
      ...(onToken === undefined ? {} : { onToken }),
    })),
  );
  return episodes.map(({ id, state }, index) => {
    const completion = completions[index];
    const where = `policy, request ${id}`;
    if (completion === undefined) throw new EnvironmentError('no result for this request', { where });
    const { tokenIds, logProbs } = completion;
    if (tokenIds.length !== logProbs.length) {
      throw new EnvironmentError(`${tokenIds.length} token ids but ${logProbs.length} log-probabilities`, { where });
    }
    return { state, completion };
  });
}
