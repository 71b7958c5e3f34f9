import type { Trajectory } from '@dgpo/trajectory';
import { requireCount } from '../require-options.js';
import { failureOf, type HintFailure } from './failure.js';
import type { HintDomain } from './hint-task.js';
import type { HintFinding } from './rules/finding.js';
import { householdFindings } from './rules/household-rules.js';
import { webshopFindings } from './rules/webshop-rules.js';

/** Hints of one episode in the published runs: 1 to 4 for a household, 1 or 2 for a shop. */
export const mostHints: Readonly<Record<HintDomain, number>> = { household: 4, webshop: 2 };

interface RuleOptions {
  /** @default 4 for household, 2 for webshop */
  maxHints?: number;
  /** The same command so often in a row counts as repeated. @default 3 */
  repeats?: number;
}

export type ExtractHintsOptions = RuleOptions &
  (
    | {
        /** A failed episode; what succeeded, or was ended by an error, gives no hints. */
        trajectory: Trajectory;
        /** @default the environment of the trajectory */
        domain?: HintDomain;
      }
    | { failure: HintFailure }
  );

/** A turn whose text held no command. */
function unreadable({ steps }: HintFailure): HintFinding[] {
  const turn = steps.findIndex(({ command }) => command === null);
  const hint = 'End every turn with one command in the form that the prompt asks for.';
  return turn < 0 ? [] : [{ rule: 'unreadable', turn, hint }];
}

const findingsOf = { household: householdFindings, webshop: webshopFindings };

/**
 * Hints from a failed episode by rules alone, without a model: what was done in the wrong order, commands whose preconditions did not
 * hold, rounds without effect, commands repeated, and for shops what was bought carelessly or not at all. Each hint is one sentence of
 * at most 120 characters with placeholders for names. An episode in which no rule finds a cause gives none.
 *
 * @throws ConfigError for an episode of another environment without `domain`, or a count below 1
 */
export function extractHints(options: ExtractHintsOptions): HintFinding[] {
  const { repeats = 3 } = options;
  requireCount('repeats', repeats);
  requireCount('maxHints', options.maxHints);
  if ('trajectory' in options) {
    const { correct, endedBy } = options.trajectory.outcome;
    if (correct || endedBy === 'error') return [];
  }
  const failure = 'failure' in options ? options.failure : failureOf(options);
  const { maxHints = mostHints[failure.domain] } = options;
  const found = new Map<string, HintFinding>();
  for (const finding of [...findingsOf[failure.domain](failure, { repeats }), ...unreadable(failure)]) {
    if (!found.has(finding.hint)) found.set(finding.hint, finding);
  }
  return [...found.values()].slice(0, maxHints);
}
