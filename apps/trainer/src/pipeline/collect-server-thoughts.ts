import { join } from 'node:path';
import { type ChainOfThought, chainOfThoughtTrajectory, collectChainsOfThought } from '@dgpo/distill/agent';
import { loadTokenizer } from '@dgpo/lm';
import { ConfigError, createRandom, type Task, type Trajectory, writeJsonLines } from '@dgpo/trajectory';
import { isArithmeticCorrect } from '../arithmetic/index.js';
import { chainOfThoughtEnvironment } from '../compute/chain-of-thought-environment.js';
import type { Playground } from '../train/play-episodes.js';
import { collectedLine } from './collect-episodes.js';
import type { ServerTeacher } from './server-teacher.js';

export interface CollectServerThoughtsOptions {
  /** What {@link collectEpisodes} would write: a line for each question. */
  path: string;
  /** Keeps what the server said, so that a question is not asked for again. */
  directory: string;
  playground: Playground;
  teacher: ServerTeacher;
  tasks: readonly Task[];
  samplesPerTask: number;
  temperature: number;
  seed: number;
  onProgress?: (chains: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

const endOfAnswer = '</answer>';

/** What the student is to write: nothing after the answer. */
function upToAnswer(text: string): string {
  const end = text.lastIndexOf(endOfAnswer);
  return end < 0 ? text : text.slice(0, end + endOfAnswer.length);
}

/**
 * Chains of thought of a model behind a server as episodes of one turn. They come as text, in the teacher's own tokens or not, and are
 * encoded for the student. A question that the server does not answer has no episode.
 * @throws ModelError when too many questions in a row fail
 */
export async function collectServerThoughts(options: CollectServerThoughtsOptions): Promise<void> {
  const { path, directory, playground, teacher, tasks, samplesPerTask, temperature, seed, onProgress, signal } =
    options;
  const { environment: settings } = playground;
  if (settings.kind !== 'chain-of-thought')
    throw new ConfigError('expected chain-of-thought', { where: 'environment.kind' });
  const environment = chainOfThoughtEnvironment(settings);
  const tokenizer = await loadTokenizer(playground.tokenizer);
  const samples: Map<string, ChainOfThought>[] = [];
  for (let sample = 0; sample < samplesPerTask; sample++) {
    samples.push(
      await collectChainsOfThought({
        path: join(directory, `chains-${sample}.jsonl`),
        generate: teacher.generate,
        tasks,
        maxTokens: settings.maxTokensPerTurn,
        temperature,
        seed: createRandom(seed)
          .split('chains-of-thought', sample)
          .integer(2 ** 31),
        onProgress: ({ questions }) => onProgress?.(sample * tasks.length + questions, samplesPerTask * tasks.length),
        signal,
      }),
    );
  }
  const episodesOf = (task: Task): Trajectory[] => {
    const { segments, next } = environment.start({ task, tokenizer });
    const [prompt] = segments;
    return samples.flatMap((chains, sample) => {
      const written = chains.get(task.id)?.text;
      if (written == null || prompt?.tokenIds === undefined || next === null) return [];
      const text = upToAnswer(written);
      const episode = chainOfThoughtTrajectory({
        task,
        text,
        prompt: { text: prompt.text, tokenIds: prompt.tokenIds },
        tokenizer,
        sample,
        policy: teacher.name,
        isCorrect: isArithmeticCorrect,
      });
      // What the student could never write in its turn is not to be learned.
      return (episode.segments.at(-1)?.tokenIds?.length ?? 0) > next.maxTokens ? [] : [episode];
    });
  };
  await writeJsonLines(
    path,
    tasks.map((task) => collectedLine(task, episodesOf(task))),
  );
}
