import type { Action, RetrievedDocument } from '@dgpo/trajectory';

const titleOf = (contents: string) => contents.split('\n', 1)[0] ?? '';

const plain = (title: string) =>
  title
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .toLowerCase();

/**
 * The passage of the last results that a policy names by its id or its title, case and quotes aside; the id counts first. Only what a
 * search has found can be opened: ids cannot be guessed.
 */
export function findDocument(actions: readonly Action[], name: string): RetrievedDocument | null {
  const last = actions.findLast(({ kind, documents }) => kind === 'search' && documents !== undefined);
  const documents = last?.documents ?? [];
  return (
    documents.find(({ document }) => document.id === name) ??
    documents.find(({ document }) => plain(titleOf(document.contents)) === plain(name)) ??
    null
  );
}
