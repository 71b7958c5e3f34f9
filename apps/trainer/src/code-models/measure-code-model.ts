import { firstThoughtPrefixes, readFinalAnswer, withFirstThoughtPrefix } from '@dgpo/distill/agent';
import { type Environment, runEpisodes } from '@dgpo/envs';
import { createSampler, loadDecoder, loadTokenizer, type Sampler } from '@dgpo/lm';
import { createRandom, type Task, type Trajectory } from '@dgpo/trajectory';
import { arithmeticEnvironment, chainOfThoughtPrompt, isArithmeticCorrect } from '../arithmetic/index.js';

/** How greedy episodes went; rates from 0 to 1. */
export interface CodeFigures {
  exactMatch: number;
  /** Share of the turns whose code ran without an error. */
  validActionRate: number;
  /** Mean turns of an episode. */
  turns: number;
  /** Longest episode, prompt included. */
  mostTokens: number;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4));

function figuresOf(episodes: readonly Trajectory[]): CodeFigures {
  const actions = episodes.flatMap((episode) => episode.actions);
  const lengths = episodes.map(({ segments }) =>
    segments.reduce((total, { tokenIds = [] }) => total + tokenIds.length, 0),
  );
  return {
    exactMatch: mean(episodes.map(({ outcome }) => Number(outcome.correct))),
    validActionRate: mean(actions.map(({ executed, error }) => Number(executed && error === undefined))),
    turns: mean(episodes.map((episode) => episode.actions.length)),
    mostTokens: Math.max(0, ...lengths),
  };
}

/** A stored code model that plays and reasons, greedily. */
export interface CodePlayer {
  /** @param prefixes first thoughts by task id that turns begin with */
  play(tasks: readonly Task[], prefixes?: ReadonlyMap<string, string>): Promise<Trajectory[]>;
  /** Chains of thought by task id. */
  reason(tasks: readonly Task[]): Promise<{ taskId: string; text: string }[]>;
  close(): void;
}

/** Loads a model into the current engine and lets it play in an environment of arithmetic. */
export async function openCodePlayer(options: {
  directory: string;
  environment: Environment;
  /** Episodes side by side. @default 32 */
  batchSize?: number;
  signal?: AbortSignal | undefined;
}): Promise<CodePlayer> {
  const { directory, environment, batchSize = 32, signal } = options;
  const tokenizer = await loadTokenizer(directory);
  const { decoder } = await loadDecoder({ directory });
  const sampler: Sampler = createSampler({ decoder, tokenizer, slots: batchSize });
  const policy = { name: 'code', ...sampler };
  return {
    play: (tasks, prefixes) =>
      runEpisodes({
        environment,
        policy: prefixes === undefined ? policy : withFirstThoughtPrefix({ policy, prefixes }),
        ...{ tasks, temperature: 0, seed: 0, batchSize, signal },
      }),
    reason: async (tasks) => {
      const results = await sampler.generate(
        tasks.map(({ id, question }) => ({
          id,
          contextTokenIds: tokenizer.encode(chainOfThoughtPrompt.replace('{question}', () => question)),
          maxTokens: arithmeticEnvironment.maxTokensPerTurn,
          temperature: 0,
          stop: ['</answer>'],
          random: createRandom(0),
        })),
      );
      sampler.release(tasks.map(({ id }) => id));
      return results.map(({ text }, index) => ({ taskId: tasks[index]?.id ?? '', text }));
    },
    close: () => {
      sampler.dispose();
      decoder.dispose();
    },
  };
}

/** Held-out questions of each kind. */
export type CodeTaskSets = Readonly<Record<'fiction' | 'facts' | 'known', readonly Task[]>>;

/** How a code model plays held-out questions, in the environment of code. */
export async function measureActing(
  player: CodePlayer,
  { fiction, facts }: Pick<CodeTaskSets, 'fiction' | 'facts'>,
): Promise<{ fiction: CodeFigures; facts: CodeFigures }> {
  return { fiction: figuresOf(await player.play(fiction)), facts: figuresOf(await player.play(facts)) };
}

/** How it does without tools, and with the first step of its own chain of thought as the beginning of its first thought. */
export async function measureReasoning(player: CodePlayer, sets: CodeTaskSets) {
  const chainOfThought: Record<string, number> = {};
  const withFirstThought: Record<string, CodeFigures> = {};
  for (const [name, tasks] of Object.entries(sets)) {
    const chains = await player.reason(tasks);
    const answers = chains.map(({ text }) => readFinalAnswer(text));
    chainOfThought[name] = mean(
      tasks.map((task, index) => Number(isArithmeticCorrect({ task, answer: answers[index] ?? '' }))),
    );
    if (name === 'known') continue;
    withFirstThought[name] = figuresOf(await player.play(tasks, firstThoughtPrefixes(chains)));
  }
  return { chainOfThought, withFirstThought };
}
