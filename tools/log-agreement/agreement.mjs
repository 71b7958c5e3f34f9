/**
 * How far two yes-or-no readers of the same answers agree.
 *
 * @param {readonly (readonly [boolean, boolean])[]} pairs
 * @returns {{ accuracy: number, kappa: number, firstOnly: number, secondOnly: number }} The share on which both say the same; Cohen's
 *   kappa (Cohen 1960), 1 if both only ever said the same one thing; and how often only the first, only the second said yes.
 */
export function agreement(pairs) {
  const share = (holds) => pairs.filter(holds).length / pairs.length;
  const accuracy = share(([first, second]) => first === second);
  const first = share(([yes]) => yes);
  const second = share(([, yes]) => yes);
  const expected = first * second + (1 - first) * (1 - second);
  return {
    accuracy,
    kappa: expected === 1 ? 1 : (accuracy - expected) / (1 - expected),
    firstOnly: pairs.filter(([yes, other]) => yes && !other).length,
    secondOnly: pairs.filter(([yes, other]) => !yes && other).length,
  };
}
