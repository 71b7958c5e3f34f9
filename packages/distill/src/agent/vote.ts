/** What a vote came to. */
export interface Vote {
  /** The candidate to take. */
  chosen: number;
  /** Candidates with an outcome. */
  valid: number;
  /** Different outcomes among them. */
  outcomes: number;
  /** Candidates with the outcome of the chosen one; 0 when none is valid. */
  votes: number;
}

/**
 * Takes the first candidate of the most frequent outcome. Of outcomes that are equally frequent the one that came first wins, so if all
 * differ, the first valid candidate does; if none is valid, candidate 0.
 * Source: `get_most_common_output_code` of agent distillation (arXiv 2505.17612).
 * @param outcomes the outcome of each candidate, null for those that could not be read or carried out
 */
export function voteOnOutcomes(outcomes: readonly (string | null)[]): Vote {
  const groups = new Map<string, { first: number; votes: number }>();
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome === null) continue;
    const group = groups.get(outcome);
    if (group === undefined) groups.set(outcome, { first: index, votes: 1 });
    else group.votes += 1;
  }
  const valid = outcomes.filter((outcome) => outcome !== null).length;
  // Groups lie in the order of their first members, so a later one has to be larger.
  let best = { first: 0, votes: 0 };
  for (const group of groups.values()) if (group.votes > best.votes) best = group;
  return { chosen: best.first, valid, outcomes: groups.size, votes: best.votes };
}
