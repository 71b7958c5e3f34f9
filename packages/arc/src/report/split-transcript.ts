import type { Action, Trajectory } from '@dgpo/trajectory';

/** A stretch of a transcript of one kind. */
export interface TranscriptPart {
  /** `text` is what the policy wrote outside of tags, `notice` what the environment said outside of `<information>`. */
  kind: 'prompt' | 'think' | 'search' | 'answer' | 'text' | 'information' | 'notice';
  text: string;
}

/** Tags of Search-R1 and DGPO, and queries and documents of R1-Searcher; the name of the group is the kind. */
const policyTags =
  /<think>(?<think>[\s\S]*?)(?:<\/think>|$)|<search>(?<search>[\s\S]*?)(?:<\/search>|$)|<answer>(?<answer>[\s\S]*?)(?:<\/answer>|$)|<\|begin_of_query\|>(?<query>[\s\S]*?)(?:<\|end_of_query\|>|$)/g;
const informationTags =
  /<information>(?<information>[\s\S]*?)(?:<\/information>|$)|<\|begin_of_documents\|>(?<documents>[\s\S]*?)(?:<\|end_of_documents\|>|$)/g;

const kinds: Readonly<Record<string, TranscriptPart['kind']>> = {
  think: 'think',
  search: 'search',
  query: 'search',
  answer: 'answer',
  information: 'information',
  documents: 'information',
};

/**
 * Splits an episode into parts for reading. Tags count only in the segments of their author: an `<answer>` inside a passage stays
 * part of the passage. A tag that is never closed runs to the end of its segment; blank parts are left out. An episode without
 * segments is told by its actions.
 */
export function splitTranscript({
  segments,
  actions,
}: Pick<Trajectory, 'segments'> & Partial<Pick<Trajectory, 'actions'>>): TranscriptPart[] {
  const parts =
    segments.length === 0
      ? (actions ?? []).flatMap(splitAction)
      : segments.flatMap(({ kind, text }): TranscriptPart[] => {
          if (kind === 'prompt') return [{ kind, text }];
          return kind === 'policy' ? splitTags(text, policyTags, 'text') : splitTags(text, informationTags, 'notice');
        });
  return parts.map(({ kind, text }) => ({ kind, text: text.trim() })).filter(({ text }) => text !== '');
}

function splitAction({ kind, text, query, answer, documents = [] }: Action): TranscriptPart[] {
  const parts = splitTags(text, policyTags, 'text');
  const said = kind === 'search' ? query : answer;
  const isTold = kind !== 'search' && kind !== 'answer' ? true : parts.some((part) => part.kind === kind);
  if (!isTold && said !== undefined) parts.push({ kind: kind === 'search' ? 'search' : 'answer', text: said });
  return [
    ...parts,
    { kind: 'information', text: documents.map(({ document }) => document.contents.trim()).join('\n\n') },
  ];
}

function splitTags(text: string, tags: RegExp, outside: TranscriptPart['kind']): TranscriptPart[] {
  const parts: TranscriptPart[] = [];
  let end = 0;
  for (const match of text.matchAll(tags)) {
    parts.push({ kind: outside, text: text.slice(end, match.index) });
    const [name, inside] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    parts.push({ kind: kinds[name ?? ''] ?? outside, text: inside ?? '' });
    end = match.index + match[0].length;
  }
  parts.push({ kind: outside, text: text.slice(end) });
  return parts;
}
