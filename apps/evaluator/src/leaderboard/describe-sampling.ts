import { isRecord } from '../is-record.js';

/** How `dgpo-eval` sampled, in a few words. */
export function describeOwnSampling(settings: unknown): string {
  if (!isRecord(settings)) return '';
  const { temperature, samplesPerTask, seed, shuffledPassages, limit, selfConsistency } = settings;
  const votes = isRecord(selfConsistency) ? selfConsistency : undefined;
  const parts = [
    ...(votes !== undefined
      ? [`votes of ${votes.samples} at temperature ${votes.temperature}`]
      : typeof temperature !== 'number'
        ? []
        : [temperature === 0 ? 'greedy' : `temperature ${temperature}`]),
    ...(typeof samplesPerTask === 'number' && samplesPerTask > 1 ? [`${samplesPerTask} samples`] : []),
    ...(typeof seed === 'number' && (temperature !== 0 || votes !== undefined) ? [`seed ${seed}`] : []),
    ...(shuffledPassages === true ? ['shuffled passages'] : []),
    ...(typeof limit === 'number' ? [`first ${limit}`] : []),
  ];
  return parts.join(', ');
}

/** What several tasks say alike; undefined where they do not. */
function agreed(values: readonly unknown[]): unknown {
  const texts = new Set(values.map((value) => JSON.stringify(value)));
  return texts.size === 1 ? values[0] : undefined;
}

/** How lm-eval sampled, in a few words: what was asked for on its command line, else what all tasks generate with; examples; limit. */
export function describeLmEvalSampling(file: Record<string, unknown>): string {
  const config = isRecord(file.config) ? file.config : {};
  const tasks = isRecord(file.configs) ? Object.values(file.configs).filter(isRecord) : [];
  const generation = isRecord(config.gen_kwargs)
    ? config.gen_kwargs
    : agreed(tasks.map(({ generation_kwargs }) => generation_kwargs));
  const asked = typeof config.gen_kwargs === 'string' && config.gen_kwargs !== '' ? [config.gen_kwargs] : [];
  const settings = asked.length > 0 || !isRecord(generation) ? {} : generation;
  const { do_sample: isSampled, temperature } = settings;
  const isGreedy = isSampled === false || temperature === 0;
  const shots = isRecord(file['n-shot']) ? agreed(Object.values(file['n-shot'])) : undefined;
  return [
    ...asked,
    ...(isGreedy ? ['greedy'] : typeof temperature === 'number' ? [`temperature ${temperature}`] : []),
    ...(typeof shots === 'number' ? [`${shots}-shot`] : []),
    ...(typeof config.limit === 'number' ? [`first ${config.limit}`] : []),
  ].join(', ');
}
