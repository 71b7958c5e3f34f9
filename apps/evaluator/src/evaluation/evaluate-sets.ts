import type { SetEvaluation } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import type { CostMeter } from '../cost/cost-meter.js';
import type { AnswerRecall } from '../retrieval/answer-recall.js';
import { type EvaluationStore, memoryStore } from './evaluation-store.js';
import { type PlayedSet, type Player, playSet } from './play-set.js';
import type { QuestionSet } from './question-set.js';
import { type EvaluatedSet, evaluatedSet, summarizeSet } from './score-set.js';

export interface EvaluationProgress {
  set: string;
  /** What is being measured. */
  part: 'episodes' | 'source referencing' | 'thinking';
  done: number;
  total: number;
}

/** What every evaluation can be told. */
export interface EvaluationOptions {
  sets: readonly QuestionSet[];
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** Of nucleus sampling. @default 1 */
  topP?: number;
  /** Episodes per question. @default 1 */
  samplesPerTask?: number;
  /** Of sampling and of the bootstrap. @default 0 */
  seed?: number;
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
  /** Share of episodes that may end by an error before the evaluation is given up. @default 0.5 */
  maxErrorRate?: number;
  /** Where episodes are kept, to go on after an interrupt. @default in memory */
  store?: EvaluationStore;
  onProgress?: (progress: EvaluationProgress) => void;
  signal?: AbortSignal | undefined;
}

/** The sampling of options, with its defaults. */
export function samplingOf(options: EvaluationOptions) {
  const { temperature = 0, topP = 1, samplesPerTask = 1, seed = 0 } = options;
  return { temperature, topP, samplesPerTask, seed };
}

export const bootstrapOf = ({ bootstrapSamples = 1000, seed = 0 }: EvaluationOptions) => ({ bootstrapSamples, seed });

/** @throws ConfigError when two sets have one name or one has no questions */
export function checkSets(sets: readonly QuestionSet[]): void {
  if (sets.length === 0) throw new ConfigError('expected at least one set of questions', { where: 'sets' });
  const twice = sets.find(({ name }, index) => sets.findIndex((set) => set.name === name) < index);
  if (twice !== undefined) throw new ConfigError(`${twice.name} stands twice`, { where: 'sets' });
  const empty = sets.find(({ tasks }) => tasks.length === 0);
  if (empty !== undefined) throw new ConfigError('has no questions', { where: empty.name });
}

export interface EvaluateSetsOptions extends EvaluationOptions {
  player: Player;
  meter: CostMeter;
  /** @default there is nothing to search */
  answerRecallOf?: ((set: QuestionSet) => AnswerRecall | undefined) | undefined;
  /** Plays and measures a set. @default plays it and scores the episodes */
  evaluate?: (set: QuestionSet, play: () => Promise<PlayedSet>) => Promise<SetEvaluation>;
}

/**
 * Plays sets one after the other and scores them. The figures do not depend on who plays how much at a time, nor on interrupts.
 * @throws as `playSet` does; ConfigError where `mathjs` is needed and not installed
 */
export async function evaluateSets(options: EvaluateSetsOptions): Promise<EvaluatedSet[]> {
  const { sets, player, meter, answerRecallOf, store = memoryStore, maxErrorRate, onProgress, signal } = options;
  const { samplesPerTask } = samplingOf(options);
  const bootstrap = bootstrapOf(options);
  const evaluated: EvaluatedSet[] = [];
  for (const set of sets) {
    const log = await store.open(set);
    try {
      let played: PlayedSet | undefined;
      const play = async () => {
        played = await playSet({
          ...{ set, samplesPerTask, player, log, meter, signal },
          ...(maxErrorRate === undefined ? {} : { maxErrorRate }),
          onProgress: (progress) => onProgress?.({ ...progress, part: 'episodes' }),
        });
        return played;
      };
      const evaluation =
        options.evaluate === undefined ? summarizeSet(set, await play(), bootstrap) : await options.evaluate(set, play);
      const costs = played?.costs ?? [];
      evaluated.push(evaluatedSet({ set, evaluation, costs, answerRecall: answerRecallOf?.(set), bootstrap }));
    } finally {
      await log.close();
    }
  }
  return evaluated;
}
