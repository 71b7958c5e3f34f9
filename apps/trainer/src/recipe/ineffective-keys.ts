import { isSaid, isTree } from './key-trees.js';
import { type RlSettings, rlSchema, usesCritic } from './rl-section.js';

/** A key that a section gives and that changes nothing there. */
interface IneffectiveKey {
  path: string[];
  message: string;
}

/** Dotted keys and, where they do nothing, the reason. */
type Rules = Readonly<Record<string, string | undefined>>;

const when = (holds: boolean, reason: string) => (holds ? reason : undefined);

function rulesFor(rl: RlSettings): Rules {
  const { algorithm, guidance, policyLoss, samplerCorrection, collapse } = rl;
  const critic = when(!usesCritic(rl), `algorithm: ${algorithm}, which has no critic`);
  const gate = when(guidance.gate === 'never', 'guidance.gate: never');
  const fixed = gate ?? when(guidance.controller.type === 'fixed', 'guidance.controller.type: fixed');
  const guided = ['beta', 'estimator', 'direction', 'form', 'aggregation', 'importanceWeighted', 'biased', 'reference'];
  const bothClips = policyLoss.clipRatioLow !== undefined && policyLoss.clipRatioHigh !== undefined;
  const corrects =
    (samplerCorrection.level ?? (rl.maxStaleness > 0 ? 'token' : 'none')) !== 'none' ||
    samplerCorrection.geometricHigh !== undefined;
  return {
    criticLearningRate: critic,
    valueClipRange: critic,
    criticWarmupSteps: critic,
    lambda: critic,
    gaeMode: critic,
    gamma: when(
      algorithm !== 'ppo' && algorithm !== 'reinforce-plus-plus',
      `algorithm: ${algorithm}, which does not discount`,
    ),
    clipRatio:
      when(policyLoss.name === 'gspo', 'policyLoss.name: gspo; give policyLoss.clipRatioLow and clipRatioHigh') ??
      when(bothClips, 'policyLoss.clipRatioLow and clipRatioHigh'),
    maxNumGenBatches: when(!rl.filterGroups, 'filterGroups: false'),
    recomputeOldLogProbs: when(rl.maxStaleness > 0, 'maxStaleness above 0, where they are always recomputed'),
    'overlong.penaltyFactor': when(rl.overlong.bufferLength === 0, 'overlong.bufferLength: 0'),
    'samplerCorrection.cap': when(!corrects, 'samplerCorrection.level: none'),
    'collapse.maxRollBacks': when(collapse.action !== 'rollBack', `collapse.action: ${collapse.action}`),
    'collapse.maximumKl': gate,
    ...Object.fromEntries(guided.map((key) => [`guidance.${key}`, gate])),
    'guidance.threshold': when(guidance.gate !== 'lowReward', `guidance.gate: ${guidance.gate}`),
    'guidance.controller.type': gate,
    'guidance.controller.targetKl': fixed,
    'guidance.controller.horizon': fixed,
  };
}

/**
 * Keys of a section `rl` that change nothing beside its other keys: who gives them believes something that is not so. Defaults do
 * not count, so it needs the section as it is written.
 *
 * @param options.own the section as the user wrote it
 * @param options.expanded the same with what the method says; a section that is not valid gives nothing, since the schema refuses it
 */
export function ineffectiveKeys(options: { own: unknown; expanded: unknown }): IneffectiveKey[] {
  const { own, expanded } = options;
  const parsed = rlSchema.safeParse(expanded);
  if (!isTree(own) || !parsed.success) return [];
  return Object.entries(rulesFor(parsed.data)).flatMap(([key, reason]) => {
    const path = key.split('.');
    return reason !== undefined && isSaid(own, path) ? [{ path, message: `has no effect with ${reason}` }] : [];
  });
}
