import { type DecoderConfig, decoderConfig } from '@dgpo/lm';
import { demoSettings } from '../../apps/trainer/src/demo/demo-presets.js';
import { atlasEnvironment, studentSize, teacherSize } from '../../apps/trainer/src/demo/demo-settings.js';

/** One update of DGPO with models of a size. */
export interface BenchCase {
  name: 'demo' | 'mid-sized' | 'tiny';
  /** Episodes of an update; two mini-batches of half of them. */
  episodes: number;
  microBatchSize: number;
  /** Updates that count, after one that does not. */
  updates: number;
  /** Updates on episodes of the scripted expert that teach the student the protocol, before anything is measured. */
  lessons: number;
  inventedCountries: number;
}

export const cases: readonly BenchCase[] = [
  { name: 'demo', episodes: 128, microBatchSize: 16, updates: 4, lessons: 150, inventedCountries: 1500 },
  { name: 'mid-sized', episodes: 32, microBatchSize: 8, updates: 3, lessons: 60, inventedCountries: 1500 },
];

/** The same in seconds, to see that it runs. */
export const quickCases: readonly BenchCase[] = [
  { name: 'tiny', episodes: 8, microBatchSize: 4, updates: 1, lessons: 2, inventedCountries: 80 },
];

/** Sizes of a case. The student of `demo` starts from the shipped weights, the others from random ones. */
export function caseModels(
  name: BenchCase['name'],
  vocabularySize: number,
): { student: DecoderConfig; teacher: DecoderConfig } {
  const { maxContextTokens: maxPositionEmbeddings } = atlasEnvironment;
  if (name === 'demo') {
    return {
      student: decoderConfig({ ...studentSize, vocabularySize }),
      teacher: decoderConfig({ ...teacherSize, vocabularySize }),
    };
  }
  const size =
    name === 'mid-sized'
      ? { hiddenSize: 256, numHiddenLayers: 6, numAttentionHeads: 8 }
      : { hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 2 };
  const config = decoderConfig({ ...size, vocabularySize, maxPositionEmbeddings });
  return { student: config, teacher: config };
}

/** The recipe of the demo, for a case. */
export function caseSettings({ episodes, microBatchSize }: BenchCase) {
  const { rl } = demoSettings('full');
  return { ...rl, tasksPerStep: episodes, miniBatchSize: episodes / 2, microBatchSize };
}
