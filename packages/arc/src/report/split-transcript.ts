import type { Trajectory } from '@dgpo/trajectory';

/** A stretch of a transcript of one kind. */
export interface TranscriptPart {
  /** `text` is what the policy wrote outside of tags, `notice` what the environment said outside of `<information>`. */
  kind: 'prompt' | 'think' | 'search' | 'answer' | 'text' | 'information' | 'notice';
  text: string;
}

const policyTags = /<(think|search|answer)>([\s\S]*?)(?:<\/\1>|$)/g;
const informationTags = /<(information)>([\s\S]*?)(?:<\/\1>|$)/g;

/**
 * Splits an episode into parts for reading. Tags count only in the segments of their author: an `<answer>` inside a passage stays
 * part of the passage. A tag that is never closed runs to the end of its segment; blank parts are left out.
 */
export function splitTranscript({ segments }: Pick<Trajectory, 'segments'>): TranscriptPart[] {
  return segments
    .flatMap(({ kind, text }): TranscriptPart[] => {
      if (kind === 'prompt') return [{ kind, text }];
      return kind === 'policy' ? splitTags(text, policyTags, 'text') : splitTags(text, informationTags, 'notice');
    })
    .map(({ kind, text }) => ({ kind, text: text.trim() }))
    .filter(({ text }) => text !== '');
}

function splitTags(text: string, tags: RegExp, outside: TranscriptPart['kind']): TranscriptPart[] {
  const parts: TranscriptPart[] = [];
  let end = 0;
  for (const match of text.matchAll(tags)) {
    parts.push({ kind: outside, text: text.slice(end, match.index) });
    parts.push({ kind: match[1] as TranscriptPart['kind'], text: match[2] ?? '' });
    end = match.index + match[0].length;
  }
  parts.push({ kind: outside, text: text.slice(end) });
  return parts;
}
