import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ChainOfThought,
  checkPrefixLeaks,
  collectChainsOfThought,
  firstThoughtPrefixes,
  readChainsOfThought,
} from '@dgpo/distill/agent';
import { DatasetError, type Task, writeJsonLines } from '@dgpo/trajectory';
import type { ChainOfThoughtSettings } from '../compute/environment-settings.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { collectEpisodes, readCollected } from './collect-episodes.js';
import { isServer, type ServerTeacher } from './server-teacher.js';
import { type StageModel, shareModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

export interface ThoughtsStageOptions {
  workshop: Workshop;
  /** @default 'chains-of-thought' */
  name?: string;
  playground: Playground;
  /** How the demonstrator reasons without tools. */
  settings: ChainOfThoughtSettings;
  teacher: StageModel | ServerTeacher | 'expert';
  tasks: readonly Task[];
  batchSize: number;
  seed: number;
}

/**
 * Chains of thought of the demonstrator, right or wrong, of which the first steps become the beginnings of its first thoughts as an agent.
 * An interrupted collection goes on where it stopped.
 * @returns the prefixes by task id
 * @throws ModelError when a server fails too many questions in a row, DatasetError when no chain of thought has a first step
 */
export async function thoughtsStage(options: ThoughtsStageOptions): Promise<ReadonlyMap<string, string>> {
  const { workshop, name = 'chains-of-thought', playground, settings, teacher, tasks, batchSize, seed } = options;
  const { signal, reporter } = workshop;
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { teacher: teacher === 'expert' ? teacher : teacher.key, tasks, settings, seed },
    run: async ({ directory: target }) => {
      reporter.stage('chains of thought', `${tasks.length} questions`);
      const path = join(target, 'chains.jsonl');
      const onProgress = (done: number, total: number) =>
        reporter.progress({ label: 'chains of thought', done, total });
      if (teacher !== 'expert' && isServer(teacher)) {
        await collectChainsOfThought({
          path,
          generate: teacher.generate,
          tasks,
          maxTokens: settings.maxTokensPerTurn,
          seed,
          onProgress: ({ questions, totalQuestions }) => onProgress(questions, totalQuestions),
          signal,
        });
        return null;
      }
      if (teacher !== 'expert') await shareModel(workshop, 'teacher', teacher);
      const collected = join(target, 'collected.jsonl');
      const { retriever: _, ...rest } = playground;
      await collectEpisodes({
        path: collected,
        playground: { ...rest, environment: settings },
        policy: teacher === 'expert' ? teacher : { model: 'teacher' },
        tasks,
        samplesPerTask: 1,
        temperature: 0,
        seed,
        batchSize,
        onProgress,
        signal,
      });
      const chains: ChainOfThought[] = [];
      for await (const { task, segments } of readCollected(collected)) {
        const text = segments.flatMap((segment) => (segment.kind === 'policy' ? [segment.text] : [])).join('');
        chains.push({ taskId: task.id, question: task.question, text });
      }
      await writeJsonLines(path, chains);
      await rm(collected);
      return null;
    },
  });
  if (skipped) reporter.stage('chains of thought', 'already there');
  const chains = await readChainsOfThought(join(directory, 'chains.jsonl'));
  const prefixes = firstThoughtPrefixes(chains.values());
  const { checked, leaking } = checkPrefixLeaks({ tasks, prefixes });
  reporter.line(
    `first thoughts for ${prefixes.size} of ${tasks.length} questions; ${leaking.length} of ${checked} name the answer`,
  );
  if (prefixes.size > 0) return prefixes;
  throw new DatasetError(
    'no chain of thought has a first step; leave firstThoughtPrefix out, or use a better teacher',
    {
      where: directory,
    },
  );
}
