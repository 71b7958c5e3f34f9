import { addHints } from '@dgpo/distill/hints';
import { runEpisodes } from '@dgpo/envs';
import { createSampler, loadDecoder, loadTokenizer } from '@dgpo/lm';
import type { Task, Trajectory } from '@dgpo/trajectory';
import type { ApprenticeWorld } from './apprentice-world.js';
import { hintsFor } from './lesson-hints.js';

/** How greedy episodes went; rates from 0 to 1. */
export interface BaseFigures {
  success: number;
  validActionRate: number;
  /** Mean commands of an episode. */
  turns: number;
  /** Longest episode, prompt included. */
  mostTokens: number;
  /** Success by `metadata.type` of the task. */
  byType: Record<string, number>;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4));

const isCorrect = ({ outcome }: Trajectory) => Number(outcome.correct);

function figuresOf(episodes: readonly Trajectory[]): BaseFigures {
  const types = [...new Set(episodes.map(({ task }) => String(task.metadata?.type)))].sort();
  const lengths = episodes.map(({ segments }) =>
    segments.reduce((total, { tokenIds = [] }) => total + tokenIds.length, 0),
  );
  return {
    success: mean(episodes.map(isCorrect)),
    validActionRate: mean(episodes.flatMap(({ actions }) => actions.map(({ executed }) => Number(executed)))),
    turns: mean(episodes.map(({ actions }) => actions.length)),
    mostTokens: Math.max(...lengths),
    byType: Object.fromEntries(
      types.map((type) => [type, mean(episodes.filter(({ task }) => task.metadata?.type === type).map(isCorrect))]),
    ),
  };
}

/** Plays tasks greedily with a stored model, without hints and with those that each task needs. */
export async function measureBase<Skill extends string>(options: {
  directory: string;
  world: ApprenticeWorld<Skill>;
  tasks: readonly Task[];
  /** Episodes side by side. @default 32 */
  batchSize?: number;
  signal?: AbortSignal | undefined;
}): Promise<{ withoutHints: BaseFigures; withHints: BaseFigures }> {
  const { batchSize = 32, directory, signal, tasks, world } = options;
  const tokenizer = await loadTokenizer(directory);
  const { decoder } = await loadDecoder({ directory });
  const sampler = createSampler({ decoder, tokenizer, slots: batchSize });
  const play = async (played: readonly Task[]) =>
    figuresOf(
      await runEpisodes({
        environment: world.environment,
        policy: { name: 'base', ...sampler },
        tasks: played,
        temperature: 0,
        seed: 0,
        batchSize,
        signal,
      }),
    );
  try {
    const withoutHints = await play(tasks);
    const hinted = tasks.map((task) => addHints({ task, hints: hintsFor(world, task) }));
    return { withoutHints, withHints: await play(hinted) };
  } finally {
    sampler.dispose();
    decoder.dispose();
  }
}
