import type { SearchSettings } from '../compute/environment-settings.js';
import type { ReadJob } from '../compute/read-job.js';
import { createLocalExecutor } from '../rollout/rollout-executor.js';
import { untilAborted } from '../run/until-aborted.js';
import type { Playground } from '../train/play-episodes.js';

export interface ReadAnswersOptions extends Omit<Playground, 'environment'> {
  environment: SearchSettings;
  policy: ReadJob['policy'];
  requests: ReadJob['requests'];
  think: boolean;
  temperature: number;
  seed: number;
  batchSize: number;
  onProgress?: (answered: number) => void;
  signal?: AbortSignal | undefined;
}

/** Answers questions from given passages on all workers, in the order of the requests. */
export async function readAnswers(options: ReadAnswersOptions): Promise<string[]> {
  const { policy, tokenizer, environment, requests, think, temperature, seed, batchSize } = options;
  const { executor = createLocalExecutor(options.pool) } = options;
  const answers: string[] = [];
  // One round of all workers at a time, so that an interrupt does not wait for all questions.
  while (answers.length < requests.length) {
    options.signal?.throwIfAborted();
    const start = answers.length;
    const jobs = Array.from({ length: executor.parallel }, (_, worker): ReadJob => {
      const first = start + worker * batchSize;
      const own = requests.slice(first, first + batchSize);
      return { kind: 'read', policy, tokenizer, environment, requests: own, think, temperature, seed, batchSize };
    }).filter((job) => job.requests.length > 0);
    answers.push(...(await untilAborted(() => executor.run(jobs), options.signal)).flat());
    options.onProgress?.(answers.length);
  }
  return answers;
}
