import type { Action, Outcome, RetrievedDocument, Segment, Task, Trajectory } from '@dgpo/trajectory';

export interface EpisodeParts {
  id?: string;
  sample?: number;
  task?: Partial<Task>;
  actions?: Action[];
  segments?: Segment[];
  outcome?: Partial<Outcome>;
}

/** An episode for tests: the question about the money of Peru, answered right without a search unless told otherwise. */
export function makeEpisode({
  id = 'peru',
  sample = 0,
  task = {},
  actions = [],
  segments = [],
  outcome = {},
}: EpisodeParts = {}): Trajectory {
  return {
    id: `${id}#${sample}`,
    task: { id, question: 'What money is used in Peru?', goldenAnswers: ['sol'], ...task },
    environment: 'search-qa',
    sample,
    segments,
    actions,
    outcome: { correct: true, reward: 1, answer: 'sol', endedBy: 'answer', ...outcome },
  };
}

/** A passage with a title. */
export const passage = (title: string, text: string): RetrievedDocument => ({
  document: { id: title, contents: `"${title}"\n${text}` },
  score: 1,
});

/** A search that was carried out. */
export const search = (turn: number, query: string, documents?: RetrievedDocument[]): Action => ({
  turn,
  kind: 'search',
  text: `<search>${query}</search>`,
  query,
  executed: true,
  ...(documents === undefined ? {} : { documents }),
});

/** A final answer. */
export const answer = (turn: number, text: string): Action => ({
  turn,
  kind: 'answer',
  text: `<answer>${text}</answer>`,
  answer: text,
  executed: true,
});

/** A turn without a usable action. */
export const invalid = (turn: number): Action => ({ turn, kind: 'invalid', text: 'hm', executed: false });
