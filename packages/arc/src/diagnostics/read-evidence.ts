import { normalizeAnswer, supportingTitles, type Trajectory } from '@dgpo/trajectory';
import { searchableAnswers } from '../metrics/contains-answer.js';
import { passageTitle, titleKey } from '../metrics/passage-title.js';

/** A retrieved passage, read once. */
export interface ReadPassage {
  id: string;
  title: string;
  /** As it was retrieved. */
  contents: string;
  /** Normalised, with a blank at either end, so that whole words are found as substrings. */
  words: string;
}

/** An executed search. */
export interface ReadSearch {
  turn: number;
  query: string;
  /** Best first; null if the log does not hold them. */
  passages: ReadPassage[] | null;
}

/** Where something stands in what was retrieved. */
export interface Finding {
  search: ReadSearch;
  passage: ReadPassage;
}

/** What an episode retrieved, and what it was looking for. */
export interface Evidence {
  /** The executed searches in order. */
  searches: ReadSearch[];
  /** The golden answers that a passage can contain, normalised. */
  answers: string[];
  /** The supporting titles as {@link titleKey} writes them. */
  titles: ReadonlySet<string>;
  /** The supporting titles that were retrieved. */
  foundTitles: ReadonlySet<string>;
  /** Whether the log holds the passages of every executed search. */
  areAllKnown: boolean;
}

/** Reads what the measures and causes need, normalising each passage once. */
export function readEvidence({ task, actions }: Pick<Trajectory, 'task' | 'actions'>): Evidence {
  const titles = new Set(supportingTitles(task).map(titleKey));
  const foundTitles = new Set<string>();
  const read = new Map<string, Pick<ReadPassage, 'title' | 'words'>>();
  const searches = actions
    .filter((action) => action.kind === 'search' && action.executed)
    .map(({ turn, query = '', documents }): ReadSearch => {
      const passages = documents?.map(({ document: { id, contents } }): ReadPassage => {
        const known = read.get(contents) ?? {
          title: passageTitle(contents),
          words: ` ${normalizeAnswer(contents)} `,
        };
        read.set(contents, known);
        if (titles.size > 0 && titles.has(titleKey(known.title))) foundTitles.add(titleKey(known.title));
        return { id, contents, ...known };
      });
      return { turn, query, passages: passages ?? null };
    });
  return {
    searches,
    answers: searchableAnswers(task.goldenAnswers),
    titles,
    foundTitles,
    areAllKnown: searches.every(({ passages }) => passages !== null),
  };
}

/** The first passage that contains one of the normalised answers as whole words; null if none does. */
export function findAnswer(searches: readonly ReadSearch[], answers: readonly string[]): Finding | null {
  if (answers.length === 0) return null;
  for (const search of searches) {
    const passage = search.passages?.find(({ words }) => answers.some((answer) => words.includes(` ${answer} `)));
    if (passage !== undefined) return { search, passage };
  }
  return null;
}

/**
 * Whether the evidence was retrieved: a golden answer in a passage and, where they are known, every supporting title. `unknown` if
 * neither can be looked for, or if something is missing while some passages are not in the log.
 */
export function evidenceState(evidence: Evidence): 'found' | 'missing' | 'unknown' {
  const { searches, answers, titles, foundTitles, areAllKnown } = evidence;
  if (answers.length === 0 && titles.size === 0) return 'unknown';
  const hasAnswer = answers.length === 0 || findAnswer(searches, answers) !== null;
  if (hasAnswer && foundTitles.size === titles.size) return 'found';
  return areAllKnown ? 'missing' : 'unknown';
}
