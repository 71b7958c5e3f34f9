import type { Trajectory } from '@dgpo/trajectory';
import { type HintDomain, hintCategory, hintDomain } from './hint-task.js';

/** One turn of an episode. */
export interface HintStep {
  /** Null for a turn whose text held no command. */
  command: string | null;
  /** What was read after it, without what a format puts around it; empty at the end. */
  observation: string;
  /** Whether the world carried it out. */
  executed: boolean;
}

/** A failed episode, as far as the rules look at it. */
export interface HintFailure {
  domain: HintDomain;
  /** Family of tasks or category of products; null when nobody knows it. */
  category: string | null;
  /** What was to be reached, in words. */
  goal: string;
  /** What else the task says, such as `household.goal` and `goal` of the two worlds. */
  metadata?: Readonly<Record<string, unknown>>;
  steps: readonly HintStep[];
}

const wrapped = /^<(\w+)>([\s\S]*)<\/\1>$/;

/** An observation without label or tags. */
function plainObservation(text: string): string {
  const trimmed = text.trim().replace(/^observation:\s*/i, '');
  return (wrapped.exec(trimmed)?.[2] ?? trimmed).trim();
}

/** The turns of an episode; the observations that follow what the policy wrote belong to its action. */
export function stepsOf({ segments, actions }: Pick<Trajectory, 'segments' | 'actions'>): HintStep[] {
  const observations: string[] = [];
  for (const [index, { kind, text }] of segments.entries()) {
    // A turn may be two segments: a prefix that was given to the policy, and what it sampled.
    if (kind === 'policy' && segments[index - 1]?.kind !== 'policy') observations.push('');
    else if (kind === 'observation' && observations.length > 0) observations.push(`${observations.pop()}${text}`);
  }
  return actions.map(({ command, executed, turn }) => ({
    command: command ?? null,
    observation: plainObservation(observations[turn] ?? ''),
    executed,
  }));
}

export interface FailureOptions {
  trajectory: Trajectory;
  /** @default the environment of the trajectory */
  domain?: HintDomain;
  /** Names of categories as in the published runs. */
  compat?: 'reference';
}

/** @throws ConfigError for an episode of another environment when no domain is named */
export function failureOf({ trajectory, domain = hintDomain(trajectory), compat }: FailureOptions): HintFailure {
  const { task } = trajectory;
  return {
    domain,
    category: hintCategory(task, compat === undefined ? {} : { compat }),
    goal: task.question,
    ...(task.metadata === undefined ? {} : { metadata: task.metadata }),
    steps: stepsOf(trajectory),
  };
}
