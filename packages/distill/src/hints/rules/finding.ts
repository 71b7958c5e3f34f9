/** What a rule has found in an episode. */
export interface HintFinding {
  rule: string;
  /** The first turn that shows it, from 0. */
  turn: number;
  hint: string;
}

/** The hints that were found most often, each with its first turn; equal counts in the order of turns. */
export function mostFrequent(findings: readonly HintFinding[], most: number): HintFinding[] {
  const counted = new Map<string, { finding: HintFinding; count: number }>();
  for (const finding of findings) {
    const known = counted.get(finding.hint);
    counted.set(finding.hint, { finding: known?.finding ?? finding, count: (known?.count ?? 0) + 1 });
  }
  const sorted = [...counted.values()].sort((one, other) => other.count - one.count);
  return sorted.slice(0, most).map(({ finding }) => finding);
}
