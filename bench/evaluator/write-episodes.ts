import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createRandom, type Random, type TrajectoryRecord } from '@dgpo/trajectory';

const words = [
  'river',
  'capital',
  'country',
  'who',
  'wrote',
  'first',
  'city',
  'the',
  'of',
  'in',
  'mountain',
  'song',
  'year',
  'king',
];

/** Sentences to put together: drawing every word of 100,000 episodes would take longer than what is measured. */
function sentences(random: Random, count: number): string[] {
  return Array.from({ length: count }, () =>
    Array.from({ length: 12 }, () => words[random.integer(words.length)] ?? '').join(' '),
  );
}

function episode(options: {
  index: number;
  random: Random;
  pool: readonly string[];
  tokens: boolean;
}): TrajectoryRecord {
  const { index, random, pool, tokens } = options;
  const text = (count: number) =>
    Array.from({ length: count }, () => pool[random.integer(pool.length)] ?? '').join('. ');
  const ids = (count: number, isSampled: boolean) =>
    tokens
      ? {
          tokenIds: Array.from({ length: count }, () => random.integer(49_152)),
          ...(isSampled ? { logProbs: Array.from({ length: count }, () => -random.next()) } : {}),
        }
      : {};
  const correct = random.integer(3) === 0;
  const question = `${text(1)} ${index}?`;
  const [query, passages] = [text(1), Array.from({ length: 3 }, () => text(4))];
  const searches = 1 + random.integer(3);
  return {
    id: `q${index}#0`,
    task: { id: `q${index}`, question, golden_answers: [`answer ${index % 997}`], metadata: { hops: 1 + (index % 4) } },
    environment: 'search',
    policy: `checkpoint-${index % 5}`,
    sample: 0,
    segments: [
      { kind: 'prompt', text: question, ...ids(20, false) },
      { kind: 'policy', text: `<search>${query}</search>`, ...ids(30, true) },
      { kind: 'observation', text: passages.join('\n'), ...ids(180, false) },
      { kind: 'policy', text: `<answer>answer ${index % 997}</answer>`, ...ids(10, true) },
    ],
    actions: [
      ...Array.from({ length: searches }, (_, turn) => ({
        turn,
        kind: 'search' as const,
        text: `<search>${query}</search>`,
        query,
        executed: true,
        ...(turn > 0
          ? {}
          : { documents: passages.map((contents, id) => ({ document: { id: `${id}`, contents }, score: 1 })) }),
      })),
      {
        turn: searches,
        kind: 'answer',
        text: `<answer>answer ${index % 997}</answer>`,
        answer: `answer ${index % 997}`,
        executed: true,
      },
    ],
    outcome: { correct, reward: correct ? 1 : 0, answer: `answer ${index % 997}`, endedBy: 'answer' },
  };
}

/** Writes a trajectory file of made-up episodes, a search with three passages each. */
export async function writeEpisodes(options: { path: string; count: number; tokens: boolean }): Promise<void> {
  const { path, count, tokens } = options;
  const random = createRandom(0).split('viewer');
  const pool = sentences(random, 500);
  // What an episode holds comes again every thousand episodes, under another question.
  const forms = Array.from({ length: Math.min(count, 1000) }, (_, index) =>
    JSON.stringify(episode({ index, random, pool, tokens }))
      .replaceAll(`"q${index}`, '"q@')
      .replaceAll(` ${index}?`, ' @?'),
  );
  const file = createWriteStream(path);
  for (let index = 0; index < count; index++) {
    const line = `${(forms[index % forms.length] ?? '').replaceAll('@', String(index))}\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}
