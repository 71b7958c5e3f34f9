import { createSearchEnvironment, type EpisodeState, parseAction } from '@dgpo/envs';
import { createBm25Retriever, splitTitle } from '@dgpo/retriever';
import type { Action } from '@dgpo/trajectory';
import { atlasTasks, createAtlas } from '../atlas/index.js';
import { scriptedExpert } from '../expert/scripted-expert.js';
import { asAction, notUnderstood, type OpenPlayableOptions, type Playable, roomy, withoutLabel } from './playable.js';

const tasks = 100;
const searches = 10;

const rules = [
  'Answer the question by looking things up.',
  '  search[query]    finds passages',
  '  open[document]   reads a document of the last results, by its id or title',
  '  answer[answer]   ends the game',
].join('\n');

/** The titles of the last results, as what could be opened. */
function openable({ actions }: EpisodeState): string[] {
  const last = actions.findLast(({ kind, documents }) => kind === 'search' && documents !== undefined);
  const titles = (last?.documents ?? []).map(({ document }) => splitTitle(document.contents).title);
  return [...new Set(titles)].sort().map((title) => `open[${title}]`);
}

/** The expert goes by its own searches: those of a person that it would not have made tell it nothing. */
function expertMove(state: EpisodeState): string {
  const own: Action[] = [];
  for (;;) {
    const move = parseAction(scriptedExpert({ ...state, actions: own }));
    if (move.kind !== 'search') return `answer[${move.kind === 'answer' ? move.answer : ''}]`;
    const done = state.actions.find(({ query, executed }) => executed && query === move.query);
    if (done === undefined || own.includes(done)) return `search[${move.query}]`;
    own.push(done);
  }
}

/** Questions about the real countries of the demo world; the passages of a country are one document. */
export function openSearch({ seed }: OpenPlayableOptions): Playable {
  const atlas = createAtlas();
  const byTitle = new Map<string, string[]>();
  const titles = new Map<string, string>();
  for (const { id, contents } of atlas.corpus) {
    const { title, text } = splitTitle(contents);
    titles.set(id, title);
    byTitle.set(title, [...(byTitle.get(title) ?? []), text]);
  }
  const retriever = {
    ...createBm25Retriever({ documents: [...atlas.corpus] }),
    openDocument: async ({ id }: { id: string }) => {
      const title = titles.get(id);
      return title === undefined ? null : { id, contents: [title, ...(byTitle.get(title) ?? [])].join('\n') };
    },
  };
  const environment = createSearchEnvironment({
    ...roomy,
    retriever,
    format: 'react',
    openDocuments: true,
    maxSearches: searches,
    promptTemplate: `${rules}\n\n{question}`,
    invalidActionMessage: notUnderstood,
    documentTemplate: '{i}. {title}: {text}\n',
  });
  return {
    environment,
    tasks: atlasTasks({ atlas, split: 'facts', count: tasks, seed }),
    write: asAction,
    read: withoutLabel,
    admissible: (state) => ['answer[…]', ...openable(state), 'search[…]'],
    expert: expertMove,
  };
}
