export type Gate = 'incorrect' | 'always' | 'never' | 'groupAllFail';

/**
 * Which episodes the teacher guides: `incorrect` ones (DGPO, arXiv 2508.20324), `always` (uniform KL), `never`, or those of a group
 * without one correct episode. It reads the boolean `correct`, not the reward, so partial rewards cannot open or close it.
 *
 * @returns `[batch]`, 1 where guidance applies
 */
export function failureGate(options: { gate: Gate; correct: readonly boolean[]; groups?: readonly string[] }): Float32Array {
  const { gate, correct, groups } = options;
  if (gate === 'groupAllFail') {
    if (groups?.length !== correct.length) throw new RangeError('the gate groupAllFail needs the group of every episode');
    const solved = new Set(groups.filter((_, index) => correct[index]));
    return Float32Array.from(groups, (group) => (solved.has(group) ? 0 : 1));
  }
  return Float32Array.from(correct, (isCorrect) => (gate === 'always' || (gate === 'incorrect' && !isCorrect) ? 1 : 0));
}
