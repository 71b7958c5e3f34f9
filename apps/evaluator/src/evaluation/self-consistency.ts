/** How the candidates of a turn are sampled; the most frequent of their outcomes wins. */
export interface SelfConsistency {
  /** Candidates of a turn. */
  samples: number;
  /** @default 0.4 */
  temperature?: number;
}

/** As in recipes, `evaluation.selfConsistency.temperature`. */
export const votingTemperature = 0.4;
