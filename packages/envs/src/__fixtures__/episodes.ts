import type { RetrievedDocument, Task, Trajectory } from '@dgpo/trajectory';
import type { EpisodeTokenizer } from '../policy.js';
import type { Retriever } from '../retriever.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { createSearchEnvironment, type SearchEnvironmentOptions } from '../search/search-environment.js';

export const peru: Task = { id: 'peru', question: 'What money is used in Peru?', goldenAnswers: ['Peruvian sol'] };

export const document = (id: string, contents: string): RetrievedDocument => ({ document: { id, contents }, score: 1 });

const passages = [
  document('1', 'Lima\nLima is the capital of Peru.'),
  document('2', '"Peru"\nIn Peru people pay with the Peruvian sol.'),
  document('3', 'Quito\nQuito is the capital of Ecuador.'),
];

/** Returns the same passages for every query and remembers what it was asked. */
export function createFixedRetriever(documents: readonly RetrievedDocument[] = passages) {
  const calls: { queries: readonly string[]; topK: number }[] = [];
  const retriever: Retriever = {
    async retrieve({ queries, topK }) {
      calls.push({ queries, topK });
      return queries.map(() => documents.slice(0, topK));
    },
  };
  return { retriever, calls };
}

/** Plays one episode in which the policy writes these texts, one per turn. */
export async function play(
  turns: readonly string[],
  options: Partial<SearchEnvironmentOptions> & { task?: Task; tokenizer?: EpisodeTokenizer } = {},
): Promise<Trajectory> {
  const { task = peru, tokenizer, ...environmentOptions } = options;
  const environment = createSearchEnvironment({
    retriever: createFixedRetriever().retriever,
    promptTemplate: 'Q: {question}\n',
    invalidActionMessage: '\nNo action.\n',
    ...environmentOptions,
  });
  const policy = createScriptedPolicy({
    script: ({ turn }) => turns[turn] ?? 'nothing more',
    ...(tokenizer === undefined ? {} : { tokenizer }),
  });
  const [trajectory] = await runEpisodes({ environment, policy, tasks: [task], seed: 0 });
  if (trajectory === undefined) throw new Error('no trajectory');
  return trajectory;
}
