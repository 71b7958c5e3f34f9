import { addHints } from '@dgpo/distill/hints';
import { createActionFormat, createScriptedPolicy, type EpisodeTokenizer, runEpisodes } from '@dgpo/envs';
import { flattenTrajectory, type Random, type Task, type Trajectory } from '@dgpo/trajectory';
import type { WeightedRow } from '../train/language-modelling.js';
import type { ApprenticeWorld } from './apprentice-world.js';
import { drawLesson, type Lesson } from './draw-lesson.js';

/** One turn in words as the environments of text worlds read it. */
const { render } = createActionFormat({
  format: 'react',
  tools: [{ name: 'act', argument: 'command', description: 'carry out one command' }],
});

export interface PlayApprenticesOptions<Skill extends string> {
  world: ApprenticeWorld<Skill>;
  tasks: readonly Task[];
  /** What the apprentice of a task is told and able to do. */
  lessonFor: (task: Task, index: number) => Lesson<Skill>;
  /** @default that of `createScriptedPolicy` */
  tokenizer?: EpisodeTokenizer;
}

/** Episodes of apprentices, one per task, in order; their ids end in the place of the task. */
export function playApprentices<Skill extends string>(options: PlayApprenticesOptions<Skill>): Promise<Trajectory[]> {
  const { lessonFor, world, tokenizer } = options;
  const skillsOf = new Map<string, ReadonlySet<Skill>>();
  const tasks = options.tasks.map((task, index) => {
    const { hints, skills } = lessonFor(task, index);
    const own = { ...addHints({ task, hints }), id: `${task.id}-${index}` };
    skillsOf.set(own.id, skills);
    return own;
  });
  const policy = createScriptedPolicy({
    name: 'apprentice',
    script: (episode) => {
      const { command, thought } = world.turn(episode, skillsOf.get(episode.task.id) ?? new Set());
      return render({ tool: 'act', arguments: { command }, thought });
    },
    ...(tokenizer === undefined ? {} : { tokenizer }),
  });
  return runEpisodes({ environment: world.environment, policy, tasks, temperature: 0, seed: 0 });
}

/** Weight in the loss of what a player reads after its first prompt: enough to learn names by. */
const observationWeight = 0.1;

/** Turns of a lost episode that are learned from: what comes later is walking about. */
const lostTurns = 8;

/**
 * The tokens of an episode as they were played: what the apprentice wrote counts, what it read counts a little, its prompt not at all.
 * Of a lost episode only the first turns are kept.
 */
export function apprenticeRow({ id, outcome, segments: played }: Trajectory): WeightedRow {
  const segments = outcome.correct ? played : played.slice(0, 1 + 2 * lostTurns);
  const { policyMask, tokenIds } = flattenTrajectory({ id, segments });
  const prompt = segments[0]?.tokenIds?.length ?? 0;
  const scored = Array.from(policyMask).slice(prompt);
  return {
    tokenIds: Int32Array.from(tokenIds),
    mask: Uint8Array.from(tokenIds, (_, index) => (index < prompt ? 0 : 1)),
    weights: Float32Array.from(scored, (isPolicy) => (isPolicy ? 1 : observationWeight)),
  };
}

/** Plays as many episodes, each of a task drawn from `tasks` with a lesson drawn for it. */
export function playLessons<Skill extends string>(options: {
  world: ApprenticeWorld<Skill>;
  tasks: readonly Task[];
  count: number;
  random: Random;
  tokenizer?: EpisodeTokenizer;
}): Promise<Trajectory[]> {
  const { count, random, tasks, tokenizer, world } = options;
  return playApprentices({
    world,
    tasks: Array.from({ length: count }, (_, index) => random.split('task', index).pick(tasks)),
    lessonFor: (task, index) =>
      drawLesson({
        hints: world.hints,
        strengths: world.strengthsFor(task),
        needed: world.neededFor(task),
        random: random.split('lesson', index),
      }),
    ...(tokenizer === undefined ? {} : { tokenizer }),
  });
}

/** Observations of a copying exercise. */
const copied = 4;

/** Observations of several episodes, then the same again, which alone counts: who cannot copy names cannot play. */
export function copyingRow(episodes: readonly Trajectory[], random: Random): WeightedRow {
  const read = Array.from({ length: copied }, () => {
    const observations = random.pick(episodes).segments.filter(({ kind }) => kind === 'observation');
    return observations.length === 0 ? [] : [...(random.pick(observations).tokenIds ?? [])];
  }).flat();
  return {
    tokenIds: Int32Array.from([...read, ...read]),
    mask: Uint8Array.from([...read.map(() => 0), ...read.map(() => 1)]),
    weights: new Float32Array(read.length).fill(1),
  };
}
