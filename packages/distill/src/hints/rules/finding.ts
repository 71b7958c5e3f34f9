/** What a rule has found in an episode. */
export interface HintFinding {
  rule: string;
  /** The first turn that shows it, from 0. */
  turn: number;
  hint: string;
}
