import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluationResults } from '@dgpo/trainer';
import { DatasetError } from '@dgpo/trajectory';
import { averageBenchmarks } from '../benchmarks/score-benchmark.js';
import { episodesName, setFolder } from './episode-log.js';
import type { FinishedEvaluation } from './finished-evaluation.js';

const sampling = ({ temperature, topP, seed, samplesPerTask, selfConsistency }: Record<string, unknown>) => ({
  method: selfConsistency !== undefined ? 'self-consistent' : temperature === 0 ? 'greedy' : 'sampled',
  // Of votes alone the candidates are sampled.
  ...(selfConsistency === undefined ? { temperature, topP } : { selfConsistency }),
  seed,
  samplesPerTask,
});

/** How many rows without a golden answer are named. */
const namedRows = 20;

/**
 * The results as plain data, in the shape of lm-eval's `results_*.json`; everything of ours is under `dgpo`: settings, sampling, corpus,
 * every figure of every set with its errors and answer recall, and the averages over sets. No wall time: that is in the cost.
 */
export function runResults(finished: FinishedEvaluation, samplesOf: (set: string) => string) {
  const { model, evaluation, settings, corpus } = finished;
  const results = evaluationResults({ model, evaluation, settings, samplesOf });
  return {
    ...results,
    dgpo: {
      ...results.dgpo,
      sampling: sampling(settings),
      ...(corpus === undefined ? {} : { corpus }),
      sets: evaluation.sets.map(({ trajectories, scored, answerRecall, withoutAnswer }, index) => ({
        ...results.dgpo.sets[index],
        ...(scored === undefined ? {} : { score: scored.score }),
        ...(answerRecall === undefined ? {} : { answerRecall }),
        errors: trajectories.filter(({ outcome }) => outcome.endedBy === 'error').length,
        withoutAnswer: { count: withoutAnswer.length, rows: withoutAnswer.slice(0, namedRows) },
      })),
      averages: evaluation.averages,
    },
  };
}

async function replace(where: string, value: unknown): Promise<void> {
  try {
    await writeFile(`${where}.part`, `${JSON.stringify(value, null, 2)}\n`);
    await rename(`${where}.part`, where);
  } catch (cause) {
    throw new DatasetError('cannot be written', { where, cause });
  }
}

const resultsName = 'results.json';

/**
 * Writes `<set>/results.json` of each set beside its episodes, and `results.json` of all; `readEvaluation` of `@dgpo/trainer` reads either.
 * @throws DatasetError when a file cannot be written
 */
export async function writeResults(directory: string, finished: FinishedEvaluation): Promise<void> {
  const { sets } = finished.evaluation;
  const { seed, bootstrapSamples } = sets[0]?.summary ?? { seed: 0, bootstrapSamples: 1000 };
  await mkdir(directory, { recursive: true });
  for (const set of sets) {
    const averages = averageBenchmarks({
      scored: set.scored === undefined ? [] : [set.scored],
      seed,
      bootstrapSamples,
    });
    const alone = { ...finished, evaluation: { sets: [set], averages } };
    await replace(
      join(directory, setFolder(set.name), resultsName),
      runResults(alone, () => episodesName),
    );
  }
  // Last, so that results never stand beside the episodes of another evaluation.
  await replace(
    join(directory, resultsName),
    runResults(finished, (set) => `${setFolder(set)}/${episodesName}`),
  );
}
