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
  /** Average entropy, in nats, below which sampling explores nothing. @default off */
  minimumEntropy?: number;
  /** Average KL, in nats, above which the policy has left its reference. @default off */
  maximumKl?: number;
}

export interface CollapseGuardOptions {
  /** Updates that are averaged; before that many there is no verdict but on numbers that are not finite. @default 5 */
  window?: number;
  thresholds?: CollapseThresholds;
}

export type CollapseVerdict = { status: 'ok'; reason: null } | { status: 'collapsed'; reason: string };

export interface CollapseGuard {
  /** Takes the measurements of the next update. Feed those of earlier updates again after a resume. */
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

/**
 * Watches a training for the ways in which small agents fall apart: actions stop being readable, episodes shrink to a token because a
 * summed penalty makes ending at once the optimum, the reward vanishes. Every metric is averaged over `window` updates and held against
 * its own best average and the limits of `thresholds`; a number that is not finite is a collapse at once.
 *
 * @throws RangeError when the window is not a positive integer.
 */
export function createCollapseGuard(options: CollapseGuardOptions = {}): CollapseGuard {
  const { window = 5, thresholds = {} } = options;
  if (!Number.isInteger(window) || window < 1)
    throw new RangeError(`window must be a positive integer, found ${window}`);
  const shares = {
    reward: thresholds.reward ?? 0.25,
    validActionRate: thresholds.validActionRate ?? 0.5,
    meanLength: thresholds.meanLength ?? 0.25,
  };
  const { minimumLength = 1, minimumEntropy, maximumKl } = thresholds;
  const recent = new Map<Name, number[]>();
  const best = { reward: 0, validActionRate: 0, meanLength: 0 };

  const averaged = (text: string) => `${text} (averages of ${window} updates)`;

  /** Average of the last `window` values, undefined while there are fewer. */
  const average = (name: Name, value: number | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const values = [...(recent.get(name) ?? []), value].slice(-window);
    recent.set(name, values);
    return values.length < window ? undefined : values.reduce((sum, item) => sum + item, 0) / window;
  };

  return {
    update(metrics) {
      const reasons: string[] = [];
      for (const name of ['validActionRate', 'meanLength', 'reward', 'entropy', 'kl'] as const) {
        const value = metrics[name];
        if (value !== undefined && !Number.isFinite(value)) {
          reasons.push(`${words[name]} is ${value}`);
          continue;
        }
        const now = average(name, value);
        if (now === undefined) continue;
        if (name === 'entropy') {
          if (minimumEntropy !== undefined && now < minimumEntropy) {
            reasons.push(averaged(`${words.entropy} is ${show(now)}, below ${minimumEntropy}`));
          }
        } else if (name === 'kl') {
          if (maximumKl !== undefined && now > maximumKl)
            reasons.push(averaged(`${words.kl} is ${show(now)}, above ${maximumKl}`));
        } else {
          best[name] = Math.max(best[name], now);
          if (name === 'meanLength' && now <= minimumLength) {
            reasons.push(averaged(`${words.meanLength} is ${show(now)} tokens`));
          } else if (best[name] >= leastBest[name] && now < shares[name] * best[name]) {
            reasons.push(averaged(`${words[name]} fell from ${show(best[name])} to ${show(now)}`));
          }
        }
      }
      if (reasons.length === 0) return { status: 'ok', reason: null };
      return { status: 'collapsed', reason: reasons.join('; ') };
    },
  };
}
