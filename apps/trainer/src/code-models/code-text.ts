import { type BytePairTokenizer, type Tokenizer, trainCompactTokenizer } from '@dgpo/lm';
import { createRandom, type Random, type Segment, type Task } from '@dgpo/trajectory';
import { firstThoughtOf } from '../arithmetic/arithmetic-plan.js';
import {
  type ArithmeticWorld,
  arithmeticChainOfThought,
  arithmeticEnvironment,
  chainOfThoughtPrompt,
  codeProtocolTags,
} from '../arithmetic/index.js';
import { numberExercise } from '../arithmetic/number-exercises.js';
import { type CodeEpisodeExample, throwawayCodeEpisode } from '../arithmetic/throwaway-episodes.js';
import { pretrainingExample } from '../atlas/index.js';
import { type WeightedRow, type WeightedSegment, weightedRow } from '../train/language-modelling.js';

const promptOf = ({ question }: Task, template: string) => template.replace('{question}', () => question);

const { maxContextTokens, observationPrefix, promptTemplate } = arithmeticEnvironment;

/** The vocabulary of both code models: frequent pieces of what they read and write, about training countries only; numbers digit by digit. */
export function codeTokenizer(options: {
  world: ArithmeticWorld;
  episodes: readonly CodeEpisodeExample[];
  seed: number;
}): BytePairTokenizer {
  const { world, episodes, seed } = options;
  const { atlas } = world;
  const random = createRandom(seed).split('code-vocabulary');
  const read = Array.from({ length: 2000 }, (_, index) => pretrainingExample(atlas, random.split('read', index)).text);
  const acted = [
    ...episodes,
    ...Array.from({ length: 1000 }, (_, index) =>
      throwawayCodeEpisode({ atlas, random: random.split('acted', index), hasFirstThought: index % 4 === 0 }),
    ),
  ].map(({ task, segments }) => promptOf(task, promptTemplate) + segments.map(({ text }) => text).join(''));
  const reasoned = episodes.map(({ task }) => arithmeticChainOfThought({ task, world }));
  return trainCompactTokenizer({
    texts: [...read, ...acted, ...reasoned],
    specialTokens: codeProtocolTags,
    maximumPieces: 576,
    splitDigits: true,
  });
}

/** Plain text in parts, without any tag. */
export function textRow(tokenizer: Tokenizer, segments: readonly WeightedSegment[]): WeightedRow {
  return weightedRow({ tokenizer, segments, maxTokens: maxContextTokens });
}

/** A reading exercise of the atlas, or one with numbers. */
export function codeReadingRow(options: { world: ArithmeticWorld; tokenizer: Tokenizer; random: Random }): WeightedRow {
  const { world, tokenizer, random } = options;
  const { atlas } = world;
  return textRow(
    tokenizer,
    random.next() < 0.4 ? pretrainingExample(atlas, random).segments : numberExercise({ atlas, random }),
  );
}

/** Tokens of which some are learned. */
interface Part {
  ids: readonly number[];
  isLearned: boolean;
}

function rowOf(parts: readonly Part[]): WeightedRow {
  const mask = parts.flatMap(({ ids, isLearned }) => ids.map(() => (isLearned ? 1 : 0)));
  return {
    tokenIds: Int32Array.from(parts.flatMap(({ ids }) => ids)),
    mask: Uint8Array.from(mask),
    weights: new Float32Array(mask.filter((value) => value === 1).length).fill(1),
  };
}

/** Ids exactly as the environment makes them: what is printed can hold no tag, and a prefix is encoded on its own. */
function segmentParts(tokenizer: Tokenizer, { kind, text }: Segment, prefix: string): Part[] {
  const written = (part: string) => tokenizer.encode(part, { allowSpecial: true });
  if (kind === 'observation') {
    const ids = [...written(observationPrefix), ...tokenizer.encode(text.slice(observationPrefix.length))];
    return [{ ids, isLearned: false }];
  }
  if (prefix === '' || !text.startsWith(prefix)) return [{ ids: written(text), isLearned: true }];
  return [
    { ids: tokenizer.encode(prefix), isLearned: false },
    { ids: written(text.slice(prefix.length)), isLearned: true },
  ];
}

/** An episode of the expert; only what the expert writes is learned, and the sentence of a plan that was given to it is not. */
export function codeEpisodeRow(options: { episode: CodeEpisodeExample; tokenizer: Tokenizer }): WeightedRow {
  const { episode, tokenizer } = options;
  const { task, segments } = episode;
  const prefix = `Thought: ${firstThoughtOf(task)}`;
  return rowOf([
    { ids: tokenizer.encode(promptOf(task, promptTemplate)), isLearned: false },
    ...segments.flatMap((segment) => segmentParts(tokenizer, segment, prefix)),
  ]);
}

/** A chain of thought, all of it learned but the question. */
export function chainOfThoughtRow(options: { task: Task; world: ArithmeticWorld; tokenizer: Tokenizer }): WeightedRow {
  const { task, world, tokenizer } = options;
  const text = arithmeticChainOfThought({ task, world });
  return rowOf([
    { ids: tokenizer.encode(promptOf(task, chainOfThoughtPrompt)), isLearned: false },
    { ids: [...tokenizer.encode(text, { allowSpecial: true }), tokenizer.endOfTextId], isLearned: true },
  ]);
}
