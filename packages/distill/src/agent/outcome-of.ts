import type { Action } from '@dgpo/trajectory';
import type { AgentCompletion, AgentEpisode } from './episode.js';

/** A sampled turn, and where it leads from a fork of the episode's state. */
export interface CandidateTurn {
  before: AgentEpisode;
  after: AgentEpisode;
  completion: AgentCompletion;
}

/** The action of a candidate, when the environment could read it and carry it out without an error; else null. */
function validAction({ before, after }: CandidateTurn): Action | null {
  const action = after.actions.at(-1);
  if (action === undefined || after.actions.length <= before.actions.length) return null;
  const failed = !action.executed || action.kind === 'invalid' || action.error !== undefined;
  return failed || after.outcome?.endedBy === 'error' ? null : action;
}

/** What the candidate's turn lets the policy read next. */
const observationOf = ({ before, after }: CandidateTurn): string =>
  after.segments
    .slice(before.segments.length)
    .filter(({ kind }) => kind === 'observation')
    .map(({ text }) => text)
    .join('');

/**
 * Which outcome a candidate has, as a key that equal outcomes share; null when it could not be read or carried out. Of code it is what was
 * printed, the last value and the final answer; of a search the ids of the documents, in order; of an answer its text; of a command what
 * is read next and where the world then stands. Rewards and correctness are not looked at: a policy at work does not know them.
 */
export function outcomeOf(candidate: CandidateTurn): string | null {
  const action = validAction(candidate);
  if (action === null) return null;
  const { kind, stdout = null, value = null, answer = null, documents = [] } = action;
  switch (kind) {
    case 'code':
      return JSON.stringify([kind, stdout, value, answer]);
    case 'search':
      return JSON.stringify([kind, documents.map(({ document }) => document.id)]);
    case 'answer':
      return JSON.stringify([kind, answer]);
    default:
      return JSON.stringify([kind, observationOf(candidate), candidate.after.world ?? null]);
  }
}

/**
 * The key of the reference implementation: of code it is the printed text alone. Calls of `final_answer` that print nothing then count as
 * one outcome whatever they answer, so the first of them wins unvoted, and it wins over code that printed. Other kinds of actions, which
 * the reference does not have, are as in {@link outcomeOf}.
 * Source: `check_code_integrity` of agent distillation (arXiv 2505.17612).
 */
export function referenceOutcomeOf(candidate: CandidateTurn): string | null {
  const action = validAction(candidate);
  return action?.kind === 'code' ? JSON.stringify([action.kind, action.stdout ?? '']) : outcomeOf(candidate);
}
