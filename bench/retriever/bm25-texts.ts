import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createRandom, type Random } from '@dgpo/trajectory';

const vocabulary = 300_000;
const topicSize = 24;

/** A word by Zipf's law: the chance of the r-th is in proportion to 1 / r. */
const drawRank = (random: Random) => Math.floor(vocabulary ** random.next());
const spell = (rank: number) => `w${rank.toString(36)}`;

/** The words that a subject brings along; passages of a subject share them. */
function topicOf(topic: number): number[] {
  const random = createRandom(11).split('topic', topic);
  return Array.from({ length: topicSize }, () => drawRank(random));
}

async function writeLines(path: string, count: number, line: (row: number) => string): Promise<void> {
  const stream = createWriteStream(path, { highWaterMark: 1 << 20 });
  for (let row = 0; row < count; row++) if (!stream.write(`${line(row)}\n`)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'close');
}

/** Subjects are spread over the passages, ten passages each. */
const topicCount = (passages: number) => Math.ceil(passages / 10);

/**
 * Writes seeded passages of 40 to 140 words: two thirds drawn by Zipf's law from 300,000 words, one third from the subject of the
 * passage.
 */
export function writePassages({ path, count }: { path: string; count: number }): Promise<void> {
  const random = createRandom(11).split('passages');
  return writeLines(path, count, () => {
    const topic = topicOf(random.integer(topicCount(count)));
    const length = 40 + random.integer(101);
    const word = () => spell(random.next() < 1 / 3 ? random.pick(topic) : drawRank(random));
    return Array.from({ length }, word).join(' ');
  });
}

/** Writes seeded questions of 8 to 24 words: one third from a subject of the corpus, the others by Zipf's law. */
export function writeQueries({ path, count, passages }: { path: string; count: number; passages: number }) {
  const random = createRandom(11).split('queries');
  return writeLines(path, count, () => {
    const topic = topicOf(random.integer(topicCount(passages)));
    const word = () => spell(random.next() < 1 / 3 ? random.pick(topic) : drawRank(random));
    return Array.from({ length: 8 + random.integer(17) }, word).join(' ');
  });
}
