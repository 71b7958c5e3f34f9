import type { Sampler } from '@dgpo/lm';
import type { JobContext } from './jobs.js';

type KeptSampler = Partial<Sampler> & { model?: string };

/** The samplers that a worker keeps for a model, by their keys. */
function samplersOf({ kept }: JobContext, model: string): [string, KeptSampler][] {
  return [...kept]
    .map(([key, value]): [string, KeptSampler] => [key, value as KeptSampler])
    .filter(([, sampler]) => sampler.model === model);
}

/** Forgets what the samplers of a model have cached, since its weights are others now. */
export function resetSamplers(context: JobContext, model: string): void {
  for (const [, sampler] of samplersOf(context, model)) sampler.reset?.();
}

/** Frees the samplers of a model that is replaced. */
export function dropSamplers(context: JobContext, model: string): void {
  for (const [key, sampler] of samplersOf(context, model)) {
    sampler.dispose?.();
    context.kept.delete(key);
  }
}
