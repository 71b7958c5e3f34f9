/** What one update measured. */
export interface CollapseMetrics {
  /** Mean reward of the episodes. */
  reward: number;
  /** Share of turns whose action the environment could read. */
  validActionRate: number;
  /** Policy tokens per episode. */
  meanLength: number;
  /** Mean over policy tokens, in nats. */
  entropy?: number;
  /** Mean over policy tokens, in nats. */
  kl?: number;
}

export interface CollapseThresholds {
  /** Share of the best average below which the reward has collapsed, once that average was at least 0.1. @default 0.25 */
  reward?: number;
  /** Share of the best average below which valid actions have collapsed, once that average was at least 0.05. @default 0.5 */
  validActionRate?: number;
  /** Share of the best average below which episodes have collapsed, once that average was at least 4 tokens. @default 0.25 */
  meanLength?: number;
  /** Average length, in tokens, at or below which nothing can be said, whatever the best was. @default 1 */
  minimumLength?: number;
  /** Average length, in tokens, above which episodes ramble on. @default off */
  maximumLength?: number;
  /** Average entropy, in nats, below which sampling explores nothing. @default off */
  minimumEntropy?: number;
  /** Average entropy, in nats, above which the policy babbles. @default off */
  maximumEntropy?: number;
  /** Average KL, in nats, above which the policy has left its reference. @default off */
  maximumKl?: number;
}

export interface CollapseGuardOptions {
  /** Updates that are averaged; before that many there is no verdict but on numbers that are not finite. @default 5 */
  window?: number;
  thresholds?: CollapseThresholds;
  /**
   * What the verdict asks for: `stop`, or `rollBack` to the last good checkpoint. What follows a roll back must draw other random numbers
   * (split by the number of roll backs), or it collapses in the same way.
   * @default 'stop'
   */
  onCollapse?: CollapseAction;
  /** Roll backs after which the verdict is `stop`. @default 3 */
  maxRollBacks?: number;
  /** Roll backs that this run has made already. @default 0 */
  rollBacks?: number;
}

export type CollapseAction = 'stop' | 'rollBack';

export type CollapseVerdict =
  | { status: 'ok'; reason: null }
  | {
      status: 'collapsed';
      /** For people: every metric that fell, from where to where. */
      reason: string;
      causes: readonly (keyof CollapseMetrics)[];
      action: CollapseAction;
      /** Updates before those that were averaged: a checkpoint made after more of them may hold the collapse. */
      goodUpdates: number;
    };

export interface CollapseGuard {
  /** Takes the measurements of the next update. After a resume or a roll back, feed a new guard those of the updates that stand. */
  update(metrics: CollapseMetrics): CollapseVerdict;
}

type Name = keyof CollapseMetrics;

/** Smallest best average from which a fall can be told from noise. */
const leastBest = { reward: 0.1, validActionRate: 0.05, meanLength: 4 };

const words: Record<Name, string> = {
  reward: 'the reward',
  validActionRate: 'the rate of valid actions',
  meanLength: 'the mean length of episodes',
  entropy: 'the entropy',
  kl: 'the KL',
};

const show = (value: number) => value.toPrecision(3);

/** One metric that is not as it should be. */
interface Finding {
  cause: Name;
  reason: string;
}

/**
 * Watches a training for the ways in which small agents fall apart: actions stop being readable, episodes shrink to a token because a
 * summed penalty makes ending at once the optimum, the reward vanishes. Every metric is averaged over `window` updates and held against
 * its own best average and the limits of `thresholds`; a number that is not finite is a collapse at once. The guard judges and the
 * caller acts.
 *
 * @throws RangeError when the window is not a positive integer, or a number of roll backs is negative.
 */
export function createCollapseGuard(options: CollapseGuardOptions = {}): CollapseGuard {
  const { window = 5, thresholds = {}, onCollapse = 'stop', maxRollBacks = 3, rollBacks = 0 } = options;
  if (!Number.isInteger(window) || window < 1)
    throw new RangeError(`window must be a positive integer, found ${window}`);
  for (const [name, value] of Object.entries({ maxRollBacks, rollBacks })) {
    if (!(Number.isInteger(value) && value >= 0))
      throw new RangeError(`${name} must be a whole number from 0, found ${value}`);
  }
  const shares = {
    reward: thresholds.reward ?? 0.25,
    validActionRate: thresholds.validActionRate ?? 0.5,
    meanLength: thresholds.meanLength ?? 0.25,
  };
  const limits: Partial<Record<Name, { minimum?: number | undefined; maximum?: number | undefined }>> = {
    meanLength: { maximum: thresholds.maximumLength },
    entropy: { minimum: thresholds.minimumEntropy, maximum: thresholds.maximumEntropy },
    kl: { maximum: thresholds.maximumKl },
  };
  const { minimumLength = 1 } = thresholds;
  const recent = new Map<Name, number[]>();
  const best = { reward: 0, validActionRate: 0, meanLength: 0 };
  let updates = 0;

  /** Average of the last `window` values, undefined while there are fewer. */
  const average = (name: Name, value: number): number | undefined => {
    const values = [...(recent.get(name) ?? []), value].slice(-window);
    recent.set(name, values);
    return values.length < window ? undefined : values.reduce((sum, item) => sum + item, 0) / window;
  };

  const fall = (name: keyof typeof best, now: number): string | undefined => {
    best[name] = Math.max(best[name], now);
    if (name === 'meanLength' && now <= minimumLength) return `is ${show(now)} tokens`;
    const fell = best[name] >= leastBest[name] && now < shares[name] * best[name];
    return fell ? `fell from ${show(best[name])} to ${show(now)}` : undefined;
  };

  const judge = (name: Name, value: number | undefined): Finding | undefined => {
    if (value === undefined) return undefined;
    if (!Number.isFinite(value)) return { cause: name, reason: `${words[name]} is ${value}` };
    const now = average(name, value);
    if (now === undefined) return undefined;
    const { minimum, maximum } = limits[name] ?? {};
    let what = name === 'entropy' || name === 'kl' ? undefined : fall(name, now);
    if (minimum !== undefined && now < minimum) what = `is ${show(now)}, below ${minimum}`;
    if (maximum !== undefined && now > maximum) what = `is ${show(now)}, above ${maximum}`;
    if (what === undefined) return undefined;
    return { cause: name, reason: `${words[name]} ${what} (averages of ${window} updates)` };
  };

  return {
    update(metrics) {
      updates += 1;
      const findings = (['validActionRate', 'meanLength', 'reward', 'entropy', 'kl'] as const)
        .map((name) => judge(name, metrics[name]))
        .filter((finding) => finding !== undefined);
      if (findings.length === 0) return { status: 'ok', reason: null };
      const reasons = findings.map(({ reason }) => reason);
      const mayRollBack = onCollapse === 'rollBack' && rollBacks < maxRollBacks;
      if (onCollapse === 'rollBack' && !mayRollBack) reasons.push(`rolled back ${rollBacks} times before`);
      return {
        status: 'collapsed',
        reason: reasons.join('; '),
        causes: findings.map(({ cause }) => cause),
        action: mayRollBack ? 'rollBack' : 'stop',
        goodUpdates: Math.max(0, updates - window),
      };
    },
  };
}
