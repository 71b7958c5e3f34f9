/** Two readers of the same items. */
export interface Agreement {
  /** Items. */
  count: number;
  /** Share of items with the same label from both. */
  observed: number;
  /** Share expected if each drew labels at random as often as they gave them. */
  expected: number;
  /** Cohen's kappa; NaN without items, 1 if both only ever gave the same single label. */
  kappa: number;
  /** `confusion[a][b]`: items that the first reader called a and the second b; only labels and pairs that occur. */
  confusion: Record<string, Record<string, number>>;
}

/**
 * Cohen's kappa, `(observed - expected) / (1 - expected)`: 1 is full agreement, 0 what chance gives. Source: Cohen 1960, "A
 * coefficient of agreement for nominal scales", Educational and Psychological Measurement 20(1).
 *
 * @param pairs The labels that the first and the second reader gave to each item.
 */
export function cohensKappa(pairs: readonly (readonly [string, string])[]): Agreement {
  const table = new Map<string, Map<string, number>>();
  const firsts = new Map<string, number>();
  const seconds = new Map<string, number>();
  const increment = (counts: Map<string, number>, label: string) => counts.set(label, (counts.get(label) ?? 0) + 1);
  for (const [first, second] of pairs) {
    increment(firsts, first);
    increment(seconds, second);
    const row = table.get(first) ?? new Map<string, number>();
    table.set(first, row);
    increment(row, second);
  }
  const count = pairs.length;
  const observed = pairs.filter(([first, second]) => first === second).length / count;
  let expected = 0;
  for (const [label, times] of firsts) expected += (times / count) * ((seconds.get(label) ?? 0) / count);
  const confusion = Object.fromEntries([...table].map(([first, row]) => [first, Object.fromEntries(row)]));
  return { count, observed, expected, kappa: expected === 1 ? 1 : (observed - expected) / (1 - expected), confusion };
}
