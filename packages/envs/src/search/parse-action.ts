import { completeTags } from '../actions/complete-tags.js';

/** What a turn asks for. */
export type ParsedAction = { kind: 'search'; query: string } | { kind: 'answer'; answer: string } | { kind: 'invalid' };

/**
 * The first complete `<search>…</search>` or `<answer>…</answer>` of a turn. Complete is a closing tag that directly follows an
 * opening tag of the same name, so of nested tags the inner pair counts and a query never holds a tag. Content is trimmed; an
 * empty query is invalid, an empty answer is an answer. Never throws. Source: `postprocess_predictions` of Search-R1, whose
 * pattern lets outer tags into the query.
 */
export function parseAction(text: string): ParsedAction {
  for (const { name, content } of completeTags(text, ['search', 'answer'])) {
    if (name === 'answer') return { kind: 'answer', answer: content };
    if (content !== '') return { kind: 'search', query: content };
  }
  return { kind: 'invalid' };
}
