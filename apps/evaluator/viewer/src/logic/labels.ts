/** A name of code as words: `firstQueryTitleHit` and `no-search` become `First query title hit` and `No search`. */
export function toWords(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]+/g, ' ')
    .trim()
    .toLowerCase();
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

const endings: Readonly<Record<string, string>> = {
  answer: 'with an answer',
  turns: 'out of turns',
  length: 'out of context',
  error: 'by an error',
};

/** How an episode ended, after the word "ended". */
export const endingOf = (endedBy: string): string => endings[endedBy] ?? endedBy;

const segmentNames: Readonly<Record<string, string>> = {
  prompt: 'Prompt',
  policy: 'Policy',
  observation: 'Environment',
};

/** Who wrote a segment. */
export const authorOf = (kind: string): string => segmentNames[kind] ?? kind;
