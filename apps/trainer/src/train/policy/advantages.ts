import {
  type Grid,
  generalizedAdvantageEstimation,
  groupRelativeAdvantages,
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
  remaxAdvantages,
  rlooAdvantages,
  tokenAdvantages,
  whiten,
} from '@dgpo/rl';
import type { ScoredRow } from '../../compute/scored-rows.js';
import type { RlSettings } from '../../recipe/rl-section.js';
import { cutRows, fromGrid, toGrid } from '../token-grid.js';
import type { TrainingBatch } from './training-batch.js';

export interface AdvantagesOptions {
  batch: Pick<TrainingBatch, 'rows' | 'counts' | 'groups' | 'mask' | 'baselines'>;
  settings: Pick<RlSettings, 'algorithm' | 'gamma' | 'lambda' | 'gaeMode'>;
  /** Token rewards on policy tokens. */
  rewards: Grid;
  /** What whitening is over: the policy tokens that are learned from. */
  lossMask: Grid;
  /** With a critic: its values of the scored tokens of `criticRows`. */
  values?: readonly Float32Array[] | undefined;
}

export interface Advantages {
  /** On the grid of policy tokens. */
  advantages: Grid;
  /** With a critic: the returns of the scored tokens of `criticRows`. */
  returns?: Float32Array[];
}

/**
 * What the critic is asked about: the tokens of the policy, or with the legacy GAE also the retrieved ones between them, whose values
 * it steps over.
 */
export function criticRows(rows: readonly ScoredRow[], { gaeMode }: Pick<RlSettings, 'gaeMode'>): ScoredRow[] {
  if (gaeMode !== 'legacy') return [...rows];
  return rows.map(({ tokenIds, mask }) => {
    const first = mask.indexOf(1);
    return { tokenIds, mask: mask.map((_, index) => (index >= first && first !== -1 ? 1 : 0)) };
  });
}

/** Where the policy's tokens stand among the scored tokens of the critic's rows. */
function policyPositions(row: ScoredRow, criticRow: ScoredRow): number[] {
  const positions: number[] = [];
  let place = 0;
  for (let index = 1; index < criticRow.mask.length; index++) {
    if (criticRow.mask[index] !== 1) continue;
    if (row.mask[index] === 1) positions.push(place);
    place += 1;
  }
  return positions;
}

function actorCritic(options: AdvantagesOptions, values: readonly Float32Array[]): Advantages {
  const { batch, settings, rewards, lossMask } = options;
  const scored = criticRows(batch.rows, settings);
  const positions = batch.rows.map((row, index) => policyPositions(row, scored[index] as ScoredRow));
  const spread = (grid: Grid) =>
    toGrid(
      cutRows(fromGrid(grid, batch.counts), batch.counts).map((own, row) => {
        const spreadRow = new Float32Array((values[row] as Float32Array).length);
        positions[row]?.forEach((place, index) => {
          spreadRow[place] = own[index] as number;
        });
        return spreadRow;
      }),
    );
  const { grid: valueGrid, mask } = toGrid(values);
  const estimated = generalizedAdvantageEstimation({
    rewards: spread(rewards).grid,
    values: valueGrid,
    mask,
    policyMask: spread(batch.mask).grid,
    gamma: settings.gamma,
    lambda: settings.lambda,
    mode: settings.gaeMode,
  });
  const lengths = values.map((own) => own.length);
  const perRow = (grid: Grid) => cutRows(fromGrid(grid, lengths), lengths);
  const onPolicy = perRow(estimated.advantages).map((own, row) =>
    Float32Array.from(positions[row] ?? [], (place) => own[place] as number),
  );
  return {
    advantages: whiten({ values: toGrid(onPolicy).grid, mask: lossMask }),
    returns: perRow(estimated.returns),
  };
}

/**
 * Advantages of the tokens of one update by the algorithm of the recipe. Groups go by their names, whitening is over `lossMask`.
 *
 * @throws TypeError when PPO comes without values.
 */
export function estimateAdvantages(options: AdvantagesOptions): Advantages {
  const { batch, settings, rewards, lossMask, values } = options;
  const { groups, mask: policyMask, counts } = batch;
  const { algorithm } = settings;
  const scores = Float32Array.from(cutRows(fromGrid(rewards, counts), counts), (row) =>
    row.reduce((total, value) => total + value, 0),
  );
  switch (algorithm) {
    case 'ppo':
      if (values === undefined) throw new TypeError('PPO needs a critic');
      return actorCritic(options, values);
    case 'grpo':
    case 'dr-grpo': {
      const perRow = groupRelativeAdvantages({ scores, groups, normalizeByStd: algorithm === 'grpo' });
      return { advantages: tokenAdvantages({ advantages: perRow, policyMask }) };
    }
    case 'rloo':
      return { advantages: tokenAdvantages({ advantages: rlooAdvantages({ scores, groups }), policyMask }) };
    case 'reinforce-plus-plus':
      return {
        advantages: reinforcePlusPlusAdvantages({ rewards, policyMask: lossMask, gamma: settings.gamma }).advantages,
      };
    case 'reinforce-plus-plus-baseline':
      return { advantages: reinforcePlusPlusBaselineAdvantages({ scores, groups, policyMask: lossMask }) };
    case 'remax':
      return { advantages: remaxAdvantages({ rewards, policyMask, groups, baselines: batch.baselines }).advantages };
  }
}
