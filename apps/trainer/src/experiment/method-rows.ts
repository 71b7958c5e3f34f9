import type { ModelSize } from '../demo/demo-settings.js';
import { atlasEnvironment } from '../demo/demo-settings.js';
import type { KeyTree } from '../recipe/methods/method.js';
import type { MethodName } from '../recipe/methods.js';

const maxPositionEmbeddings = atlasEnvironment.maxContextTokens;

/** Base students beside the shipped one of 0.4 M parameters: 0.24 M and 0.9 M. */
export const studentSizes = {
  small: { hiddenSize: 72, numHiddenLayers: 3, numAttentionHeads: 3, maxPositionEmbeddings },
  large: { hiddenSize: 128, numHiddenLayers: 4, numAttentionHeads: 4, maxPositionEmbeddings },
} satisfies Record<string, ModelSize>;

export type StudentName = keyof typeof studentSizes;

/** Updates of reinforcement learning, and of distillation where the student alone plays. */
export const policyUpdates = 50;

/**
 * Updates where nothing came before them: the base student cannot act, so that every episode is as long as it may be and earns nothing,
 * in the last update as in the first.
 */
const updatesFromBase = 25;
const fromBase: KeyTree = { rl: { maxSteps: updatesFromBase } };

/** One row of the table of methods. */
export interface MethodRow {
  /** Unique; names the files of its results. */
  name: string;
  /** As in the table. */
  label: string;
  method: MethodName;
  /** Another base student, see `studentSizes`. @default the shipped one */
  student?: StudentName;
  /** Keys over those of the base recipe that make the row what it is. */
  keys?: KeyTree;
  /** Of the stages before the last, in the place of those that all rows share: names their folders. */
  start?: { name: string; keys: KeyTree };
  /** Configurations that tuning tries; the best on the validation questions is frozen in the settings. @default none, runs as it is */
  grid?: readonly KeyTree[];
  /** Updates of a configuration that tuning tries. @default 20 */
  tuningUpdates?: number;
  /** The row whose tuned settings it takes. @default its own */
  settingsOf?: string;
}

const rates = (section: 'rl' | 'distill', values: readonly number[], more: readonly KeyTree[]): KeyTree[] =>
  values.flatMap((learningRate) => more.map((keys) => ({ [section]: { learningRate, ...keys } })));

/** Without guidance: the rates of policy and critic. */
const unguided = rates('rl', [1e-4, 3e-4], [{ criticLearningRate: 1e-3 }, { criticLearningRate: 3e-3 }]);
const grouped = rates(
  'rl',
  [1e-4, 3e-4],
  [
    { numGenerations: 4, tasksPerStep: 32 },
    { numGenerations: 8, tasksPerStep: 16 },
  ],
);
/** With guidance: the rate of the critic and β. */
const guided = (betas: readonly [number, number]) =>
  rates(
    'rl',
    [3e-4],
    [1e-3, 3e-3].flatMap((criticLearningRate) => betas.map((beta) => ({ criticLearningRate, guidance: { beta } }))),
  );
const guidedGroups = rates(
  'rl',
  [1e-4, 3e-4],
  [0.2, 0.5].map((beta) => ({ numGenerations: 4, tasksPerStep: 32, guidance: { beta } })),
);
/** On the same demonstrations for longer: what more passes give is theirs. */
const offline = rates('distill', [7.5e-4, 1.5e-3], [{ numTrainEpochs: 6 }, { numTrainEpochs: 12 }]);
/** Half of the episodes are played by the student, which takes as long again, so passes stay at those of the cold start. */
const mixed = rates('distill', [7.5e-4, 1.5e-3], [{ divergence: { name: 'js' } }, { divergence: { name: 'fkl' } }]);
const onPolicy = rates(
  'distill',
  [3e-4, 1e-3],
  [64, 128].map((batchSize) => ({ batchSize, maxSteps: policyUpdates })),
);

/** The best configuration of KD: what the second phase adds where the first has nothing left to give. */
const longColdStart = { name: 'long', keys: { distill: { learningRate: 1.5e-3, numTrainEpochs: 12 } } };

/**
 * The rows of the table, in its order. Methods with a cold start share the one of the base recipe, so that they differ in what comes
 * after it alone.
 */
export const methodRows: readonly MethodRow[] = [
  // A student that never acted earns no reward, whatever the rates: few updates show it.
  { name: 'ppo', label: 'PPO', method: 'ppo', keys: fromBase, grid: unguided, tuningUpdates: 6 },
  { name: 'grpo', label: 'GRPO', method: 'grpo', keys: fromBase, grid: grouped, tuningUpdates: 6 },
  { name: 'agent-sft', label: 'SFT (expert demonstrations)', method: 'agent-sft', grid: offline },
  { name: 'seqkd', label: 'SeqKD', method: 'seqkd', grid: offline },
  { name: 'kd-cold-start', label: 'KD, the cold start of the rows below', method: 'kd' },
  { name: 'kd', label: 'KD', method: 'kd', grid: offline },
  { name: 'gkd', label: 'GKD, half on-policy', method: 'gkd', grid: mixed },
  {
    name: 'gkd-on-policy',
    label: 'GKD, on-policy alone',
    method: 'gkd-on-policy',
    grid: onPolicy,
  },
  { name: 'distillm', label: 'DistiLLM', method: 'distillm', grid: offline },
  { name: 'taid', label: 'TAID', method: 'taid', grid: offline },
  { name: 'sft-ppo', label: 'SFT → PPO', method: 'sft-ppo', grid: unguided },
  { name: 'kd-ppo', label: 'KD → PPO (no guidance)', method: 'kd-ppo', grid: unguided },
  { name: 'kd-grpo', label: 'KD → GRPO', method: 'kd-grpo', grid: grouped },
  {
    name: 'kd-gkd',
    label: 'KD → GKD',
    method: 'kd-gkd',
    grid: onPolicy,
  },
  { name: 'kd-distillm', label: 'KD → DistiLLM', method: 'kd-distillm', grid: offline },
  { name: 'ppo-kd', label: 'PPO → KD (inverted order)', method: 'ppo-kd', keys: fromBase, settingsOf: 'kd' },
  { name: 'dgpo', label: 'DGPO, exact KL as a loss', method: 'dgpo', grid: guided([0.2, 0.5]) },
  {
    name: 'dgpo-reference',
    label: 'DGPO, reference form (Σ k1 in the reward)',
    method: 'dgpo-reference',
    grid: guided([0.0003, 0.001]),
  },
  {
    name: 'dgpo-token-mean',
    label: 'DGPO, mean of k1 in the reward',
    method: 'dgpo-token-mean',
    grid: guided([0.03, 0.1]),
  },
  {
    name: 'dgpo-no-cold-start',
    label: 'DGPO without cold start',
    method: 'dgpo-no-cold-start',
    settingsOf: 'dgpo',
  },
  { name: 'dgpo-uniform-kl', label: 'DGPO, uniform KL', method: 'dgpo-uniform-kl', grid: guided([0.2, 0.5]) },
  { name: 'dgpo-grpo', label: 'DGPO with GRPO', method: 'dgpo-grpo', grid: guidedGroups },
  {
    name: 'dgpo-long',
    label: 'DGPO after a cold start of 12 passes',
    method: 'dgpo',
    start: longColdStart,
    settingsOf: 'dgpo',
  },
  {
    name: 'kd-ppo-long',
    label: 'KD of 12 passes → PPO',
    method: 'kd-ppo',
    start: longColdStart,
    settingsOf: 'kd-ppo',
  },
  ...(['small', 'large'] as const).flatMap((student): MethodRow[] => [
    {
      name: `ppo-${student}`,
      label: `PPO, ${student} student`,
      method: 'ppo',
      student,
      keys: fromBase,
      settingsOf: 'ppo',
    },
    { name: `kd-${student}`, label: `KD (cold start), ${student} student`, method: 'kd', student },
    { name: `dgpo-${student}`, label: `DGPO, ${student} student`, method: 'dgpo', student, settingsOf: 'dgpo' },
  ]),
  // Without guidance from a weak cold start: where the paper sees PPO collapse.
  {
    name: 'kd-ppo-small',
    label: 'KD → PPO, small student',
    method: 'kd-ppo',
    student: 'small',
    settingsOf: 'kd-ppo',
  },
];
