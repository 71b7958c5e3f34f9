import { type BytePairTokenizer, type Tokenizer, trainCompactTokenizer } from '@dgpo/lm';
import type { Random, Segment } from '@dgpo/trajectory';
import {
  type Atlas,
  expertEpisodeExample,
  expertEpisodes,
  pretrainingExample,
  pretrainingTexts,
} from '../atlas/index.js';
import { type WeightedRow, weightedRow } from '../train/language-modelling.js';
import { atlasEnvironment, protocolTags } from './demo-settings.js';

const promptOf = (question: string) =>
  (atlasEnvironment.promptTemplate ?? '{question}').replace('{question}', () => question);

/** The vocabulary of the demo models: frequent pieces of reading exercises and expert episodes, about training countries only. */
export function demoTokenizer(options: { atlas: Atlas; seed: number }): BytePairTokenizer {
  const { atlas, seed } = options;
  const reading = pretrainingTexts({ atlas, count: 4000, seed }).map(({ text }) => text);
  const acting = expertEpisodes({ atlas, count: 2000, seed }).map(
    ({ task, segments }) => promptOf(task.question) + segments.map(({ text }) => text).join(''),
  );
  return trainCompactTokenizer({ texts: [...reading, ...acting], specialTokens: protocolTags, maximumPieces: 448 });
}

/** A reading exercise or plain passages, without any tag. */
export function readingRow(options: { atlas: Atlas; tokenizer: Tokenizer; random: Random }): WeightedRow {
  const { segments } = pretrainingExample(options.atlas, options.random);
  return weightedRow({ tokenizer: options.tokenizer, segments, maxTokens: atlasEnvironment.maxContextTokens });
}

/** Ids exactly as the environment makes them: tags are tokens, the text of documents and questions is never. */
function segmentIds(tokenizer: Tokenizer, { kind, text }: Segment): number[] {
  if (kind !== 'observation') return tokenizer.encode(text, { allowSpecial: true });
  const inner = text.slice('<information>'.length, -'</information>'.length);
  const tag = (name: string) => tokenizer.encode(name, { allowSpecial: true });
  return [...tag('<information>'), ...tokenizer.encode(inner), ...tag('</information>')];
}

/** An episode of the scripted expert in a small world of its own; only what the expert writes is learned. */
export function expertRow(options: { atlas: Atlas; tokenizer: Tokenizer; random: Random }): WeightedRow {
  const { atlas, tokenizer, random } = options;
  const { task, segments } = expertEpisodeExample(atlas, random);
  const ids = tokenizer.encode(promptOf(task.question));
  const mask = ids.map(() => 0);
  for (const segment of segments) {
    const own = segmentIds(tokenizer, segment);
    ids.push(...own);
    for (const _ of own) mask.push(segment.kind === 'policy' ? 1 : 0);
  }
  return {
    tokenIds: Int32Array.from(ids),
    mask: Uint8Array.from(mask),
    weights: new Float32Array(mask.filter((value) => value === 1).length).fill(1),
  };
}
