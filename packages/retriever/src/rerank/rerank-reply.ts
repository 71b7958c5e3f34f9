import { z } from 'zod';

const teiSchema = z.array(z.object({ index: z.number().int().nonnegative(), score: z.number() }));

const jinaSchema = z.object({
  results: z.array(z.object({ index: z.number().int().nonnegative(), relevance_score: z.number() })),
});

const dgpoSchema = z.object({
  result: z
    .array(
      z.array(
        z.object({
          document: z.union([z.string(), z.object({ contents: z.string() }).transform(({ contents }) => contents)]),
          score: z.number(),
        }),
      ),
    )
    .length(1),
});

/**
 * Contents as they can be compared after Search-R1's server has taken the title apart and put it together again: its pattern doubles the quotes
 * and breaks titles at a `)`. Letters and digits stay as they were.
 */
const comparable = (contents: string) => contents.replace(/^\(Title: /, '').replaceAll(/[^\p{L}\p{N}]+/gu, '');

function byIndex(entries: readonly { index: number; score: number }[], count: number): number[] {
  const scores = new Array<number | undefined>(count);
  for (const { index, score } of entries) {
    if (index >= count || scores[index] !== undefined)
      throw new Error(`its index ${index} is too large or there twice`);
    scores[index] = score;
  }
  return Array.from(scores, (score) => {
    if (score === undefined) throw new Error(`it has ${entries.length} scores for ${count} texts`);
    return score;
  });
}

/** Search-R1's server names passages by their contents only; equal ones have equal scores. */
function byContents(entries: readonly { document: string; score: number }[], texts: readonly string[]): number[] {
  const scores = new Map(entries.map(({ document, score }) => [comparable(document), score]));
  return texts.map((text) => {
    const score = scores.get(comparable(text));
    if (score === undefined) throw new Error(`it has no score for the passage ${JSON.stringify(text.slice(0, 60))}`);
    return score;
  });
}

/**
 * The scores in the reply of a rerank server, in the order of the texts.
 * @throws Error that says what does not fit.
 */
export function parseScores(reply: unknown, api: 'tei' | 'jina' | 'dgpo', texts: readonly string[]): number[] {
  if (api === 'tei') {
    const parsed = teiSchema.safeParse(reply);
    if (!parsed.success) throw new Error('it is not as in [{"index", "score"}]');
    return byIndex(parsed.data, texts.length);
  }
  if (api === 'jina') {
    const parsed = jinaSchema.safeParse(reply);
    if (!parsed.success) throw new Error('it is not as in {"results": [{"index", "relevance_score"}]}');
    const entries = parsed.data.results.map(({ index, relevance_score: score }) => ({ index, score }));
    return byIndex(entries, texts.length);
  }
  const parsed = dgpoSchema.safeParse(reply);
  if (!parsed.success) throw new Error('it is not as in {"result": [[{"document", "score"}]]}');
  return byContents(parsed.data.result[0] ?? [], texts);
}
