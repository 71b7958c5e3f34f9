export interface CollapseWatchOptions {
  /** Updates that are averaged. @default 5 */
  window?: number;
  /** Collapse when the valid-action rate falls below this share of its best average. @default 0.5 */
  validActions?: number;
  /** Collapse when the mean length falls below this share of its best average. @default 0.25 */
  length?: number;
  /** Collapse when the reward falls below this share of its best average, once that was at least 0.1. @default 0.25 */
  reward?: number;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Watches a training for the ways in which agents of this size fall apart: actions stop being readable, episodes shrink to a token, the
 * reward vanishes. Returns why, or null while all is well.
 */
export function createCollapseWatch(options: CollapseWatchOptions = {}): (metrics: Record<string, number>) => string | null {
  const { window = 5, validActions = 0.5, length = 0.25, reward = 0.25 } = options;
  const rules = [
    { metric: 'valid_action_rate', share: validActions, least: 0.05, says: 'the rate of valid actions' },
    { metric: 'completions/mean_length', share: length, least: 4, says: 'the mean length of episodes' },
    { metric: 'reward', share: reward, least: 0.1, says: 'the reward' },
  ].map((rule) => ({ ...rule, recent: [] as number[], best: 0 }));
  return (metrics) => {
    for (const rule of rules) {
      const value = metrics[rule.metric];
      if (value === undefined) continue;
      rule.recent = [...rule.recent, value].slice(-window);
      if (rule.recent.length < window) continue;
      const average = mean(rule.recent);
      rule.best = Math.max(rule.best, average);
      if (rule.best >= rule.least && average < rule.share * rule.best) {
        return `collapse: ${rule.says} fell from ${rule.best.toPrecision(3)} to ${average.toPrecision(3)} (averages of ${window} updates)`;
      }
    }
    return null;
  };
}
