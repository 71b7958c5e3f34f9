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
  '  open[document]   reads a document of the last search, by its number or title',
  '  answer[answer]   ends the game; the last turn is for this alone',
].join('\n');

/** What the last search has found. */
function found({ actions }: EpisodeState) {
  const last = actions.findLast(({ kind, documents }) => kind === 'search' && documents !== undefined);
  return (last?.documents ?? []).map(({ document }) => document);
}

/** The titles of the last results, as what could be opened. */
function openable(state: EpisodeState): string[] {
  const titles = found(state).map(({ contents }) => splitTitle(contents).title);
  return [...new Set(titles)].sort().map((title) => `open[${title}]`);
}

/** The environment opens by id, which a person does not see: the number that is shown stands for it. */
function withId(command: string, state: EpisodeState): string {
  const number = /^open\[\s*(\d+)\s*\]$/i.exec(command)?.[1];
  const document = found(state)[Number(number) - 1];
  return document === undefined ? command : `open[${document.id}]`;
}

/** No search is carried out in the last turn. */
const isLastTurn = ({ turn }: EpisodeState) => turn >= searches;

/** The expert goes by its own searches: those of a person that it would not have made tell it nothing. */
function expertMove(state: EpisodeState): string {
  if (isLastTurn(state)) return `answer[${state.task.goldenAnswers[0] ?? ''}]`;
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
    maxTurns: searches + 1,
    write: (command, state) => asAction(withId(command, state)),
    read: withoutLabel,
    admissible: (state) => (isLastTurn(state) ? ['answer[…]'] : ['answer[…]', ...openable(state), 'search[…]']),
    expert: expertMove,
  };
}
