import type { Random } from '@dgpo/trajectory';

/** What an apprentice is told before an episode, and what it can do in it. */
export interface Lesson<Skill extends string> {
  hints: string[];
  skills: ReadonlySet<Skill>;
}

export interface LessonOptions<Skill extends string> {
  /** All hints, each with the skills that it calls for. */
  hints: Readonly<Record<string, readonly Skill[]>>;
  /** How likely an apprentice has a skill of its own accord. */
  strengths: Readonly<Record<Skill, number>>;
  /** The skills that the task needs. */
  needed: readonly Skill[];
  random: Random;
}

/** Share of the lessons without hints. */
const withoutHints = 0.35;
/** How likely a needed skill is hinted at in the others. */
const hinted = 0.7;
/** Most hints of a lesson: as many as the extractor takes from one failure. */
const mostHints = 4;

/**
 * Draws hints and skills: an apprentice has the skills that a hint calls for, and others as it happens. Some hints are about other tasks, so
 * that only who reads them knows what to do.
 */
export function drawLesson<Skill extends string>(options: LessonOptions<Skill>): Lesson<Skill> {
  const { needed, random, strengths } = options;
  const own = Object.entries<number>(strengths).flatMap(([skill, strength]) =>
    random.next() < strength ? [skill as Skill] : [],
  );
  if (random.next() < withoutHints) return { hints: [], skills: new Set(own) };
  const texts = Object.entries<readonly Skill[]>(options.hints);
  const called = needed.filter(() => random.next() < hinted);
  const relevant = called.map((skill) => random.pick(texts.filter(([, skills]) => skills.includes(skill)))[0]);
  const foreign = texts.filter(([, skills]) => !skills.some((skill) => needed.includes(skill))).map(([text]) => text);
  const others = random.shuffle(foreign).slice(0, random.integer(3));
  const hints = random.shuffle([...new Set([...relevant, ...others])]).slice(0, mostHints);
  return { hints, skills: new Set([...own, ...hints.flatMap((hint) => options.hints[hint] ?? [])]) };
}
