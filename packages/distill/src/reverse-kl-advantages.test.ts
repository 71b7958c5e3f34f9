import { describe, expect, test } from 'vitest';
import { softmax } from './__fixtures__/divergence-reference.js';
import { expectClose, preciseDifferences } from './__fixtures__/numerics.js';
import type { TokenGrid } from './pack-trajectories.js';
import { reverseKlAdvantages } from './reverse-kl-advantages.js';

const nan = Number.NaN;
const gridOf = (rows: number[][]): TokenGrid => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]?.length ?? 0],
});

/** Token 0 ends an episode; logits of the first token, then of the second after 1 and after 2. */
type Logits = readonly number[];
const episodes = [[0], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]];
const student: Logits = [0.2, -0.3, 0.5, 1, 0.1, -0.7, -0.2, 0.4, 0.3];
const teacher: Logits = [-0.5, 0.8, 0.1, 0.3, -1, 0.6, 1.2, 0, -0.4];

/** Log-probability of every token of an episode, in float64. */
const logProbsOf = (logits: Logits, episode: readonly number[]) =>
  episode.map((token, place) => {
    const start = place === 0 ? 0 : 3 * (episode[0] as number);
    return Math.log(softmax(logits.slice(start, start + 3))[token] as number);
  });
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const probabilityOf = (logits: Logits, episode: readonly number[]) => Math.exp(sum(logProbsOf(logits, episode)));

/** An observation stands before the second token; it and the padding are poison. */
const layOut = (values: readonly number[], poison: number) => [
  poison,
  values[0] as number,
  poison,
  values[1] ?? poison,
  poison,
];
const gridFor = (logits: Logits) => gridOf(episodes.map((episode) => layOut(logProbsOf(logits, episode), nan)));
const policyMask = gridOf(
  episodes.map((episode) =>
    layOut(
      episode.map(() => 1),
      0,
    ),
  ),
);
const inputs = { studentLogProbs: gridFor(student), teacherLogProbs: gridFor(teacher), policyMask };

/** `E_y Σ_t −A_t ∇ log q(y_t)`: what the policy loss descends, by enumerating every episode. */
function expectedGradient(gamma: number): number[] {
  const { advantages } = reverseKlAdvantages({ ...inputs, gamma });
  const surrogate = (x: number[]) =>
    sum(
      episodes.map((episode, row) => {
        const own = [...advantages.data.slice(5 * row, 5 * row + 5)];
        const terms = logProbsOf(x, episode).map((logProb, place) => logProb * (own[1 + 2 * place] as number));
        return -probabilityOf(student, episode) * sum(terms);
      }),
    );
  return preciseDifferences(surrogate, student);
}

describe('reverseKlAdvantages', () => {
  test('by hand: each token its own reward, or the rewards to come; the rest is 0 whatever it holds', () => {
    const grids = {
      studentLogProbs: gridOf([[nan, -1, nan, -2, nan]]),
      teacherLogProbs: gridOf([[nan, -3, nan, -0.5, nan]]),
      policyMask: gridOf([[0, 1, 0, 1, 0]]),
    };
    const own = reverseKlAdvantages(grids);
    expect([...own.advantages.data]).toEqual([0, -2, 0, 1.5, 0]);
    expect(own.klMean).toBe(0.25);
    expect([...reverseKlAdvantages({ ...grids, gamma: 1 }).advantages.data]).toEqual([0, -0.5, 0, 1.5, 0]);
    expect([...reverseKlAdvantages({ ...grids, gamma: 0.5 }).advantages.data]).toEqual([0, -1.25, 0, 1.5, 0]);
  });

  test('γ = 1: the expected gradient is that of the KL of whole episodes', () => {
    const kl = (x: number[]) =>
      sum(
        episodes.map(
          (episode) => probabilityOf(x, episode) * (sum(logProbsOf(x, episode)) - sum(logProbsOf(teacher, episode))),
        ),
      );
    // The advantages are float32.
    expectClose(expectedGradient(1), preciseDifferences(kl, student), 1e-6);
  });

  test('γ = 0: the expected gradient is that of the KL at every prefix, weighted by how often the student gets there', () => {
    const kl = (x: number[]) => {
      const reach = [1, ...softmax(student.slice(0, 3)).slice(1)];
      return sum(
        reach.map((weight, prefix) => {
          const [q, p] = [x, teacher].map((some) => softmax(some.slice(3 * prefix, 3 * prefix + 3))) as [
            number[],
            number[],
          ];
          return weight * sum(q.map((value, v) => value * Math.log(value / (p[v] as number))));
        }),
      );
    };
    expectClose(expectedGradient(0), preciseDifferences(kl, student), 1e-6);
  });

  test('the order of rows is irrelevant, one row is as good as all', () => {
    const whole = reverseKlAdvantages({ ...inputs, gamma: 1 }).advantages.data;
    const rowOf = ({ data }: TokenGrid, row: number): TokenGrid => ({
      data: data.slice(5 * row, 5 * row + 5),
      shape: [1, 5],
    });
    const single = episodes.flatMap((_, row) => {
      const one = Object.fromEntries(Object.entries(inputs).map(([name, grid]) => [name, rowOf(grid, row)]));
      return [...reverseKlAdvantages({ ...(one as typeof inputs), gamma: 1 }).advantages.data];
    });
    expect(single).toEqual([...whole]);
  });

  test('an empty mask gives 0; what does not fit is refused', () => {
    const empty = gridOf([[nan, nan]]);
    const none = { studentLogProbs: empty, teacherLogProbs: empty, policyMask: gridOf([[0, 0]]) };
    expect(reverseKlAdvantages(none)).toEqual({ advantages: gridOf([[0, 0]]), klMean: 0 });
    expect(() => reverseKlAdvantages({ ...none, teacherLogProbs: gridOf([[0]]) })).toThrow(
      'teacherLogProbs: has shape',
    );
    expect(() => reverseKlAdvantages({ ...none, gamma: 2 })).toThrow('gamma');
  });
});
