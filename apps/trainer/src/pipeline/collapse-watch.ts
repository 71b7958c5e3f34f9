import { type CollapseMetrics, type CollapseVerdict, createCollapseGuard } from '@dgpo/rl';
import type { RlSettings } from '../recipe/rl-section.js';

/** What the collapse guard looks at. */
function collapseMetrics(metrics: Record<string, number>): CollapseMetrics {
  const { entropy, kl } = metrics;
  return {
    reward: metrics.reward ?? 0,
    validActionRate: metrics.valid_action_rate ?? 0,
    meanLength: metrics['completions/mean_length'] ?? 0,
    ...(entropy === undefined ? {} : { entropy }),
    ...(kl === undefined ? {} : { kl }),
  };
}

export interface CollapseWatch {
  /** The verdict on the next update. */
  update(metrics: Record<string, number>): CollapseVerdict;
}

/** The collapse guard of a stage as its recipe asks for it, fed with the updates that stand. */
export function collapseWatch(options: {
  settings: RlSettings['collapse'];
  rollBacks: number;
  history: readonly Record<string, number>[];
}): CollapseWatch {
  const { settings, rollBacks, history } = options;
  const { action, window, maxRollBacks, ...limits } = settings;
  const thresholds = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  const onCollapse = action === 'rollBack' ? 'rollBack' : 'stop';
  const guard = createCollapseGuard({ window, maxRollBacks, rollBacks, onCollapse, thresholds });
  for (const metrics of history) guard.update(collapseMetrics(metrics));
  return { update: (metrics) => guard.update(collapseMetrics(metrics)) };
}
