import { exactMatch } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createAtlas } from './atlas.js';
import { expertEpisodes } from './expert-episodes.js';
import { nameWords } from './name-words.js';
import { pretrainingTexts } from './pretraining.js';
import { atlasTasks } from './tasks.js';

const atlas = createAtlas();
const pretraining = pretrainingTexts({ atlas, count: 4000, seed: 3 });
const episodes = expertEpisodes({ atlas, count: 2000, seed: 3 });
const tasks = atlasTasks({ atlas, split: 'train', count: 8000 });
const trainingTexts = [
  ...pretraining.map(({ text }) => text),
  ...episodes.map(({ task, segments }) => [task.question, ...segments.map(({ text }) => text)].join('\n')),
  ...tasks.map(({ question, goldenAnswers }) => [question, ...goldenAnswers].join('\n')),
];

/** Every run of up to six words of a text. */
function shortPhrases(text: string): string[] {
  const words = nameWords(text);
  return words.flatMap((_, start) => [1, 2, 3, 4, 5, 6].map((length) => words.slice(start, start + length).join(' ')));
}

describe('texts to train on', () => {
  it('hold no name of a held-out invented country', () => {
    const heldOut = new Set(
      atlas.bySplit.fiction.flatMap(({ name, capital, currency, demonym, subregion, languages }) =>
        [name, capital, currency, demonym, subregion, ...languages].map((text) => nameWords(text).join(' ')),
      ),
    );
    const found = trainingTexts.flatMap((text) => shortPhrases(text).filter((phrase) => heldOut.has(phrase)));
    expect(found).toEqual([]);
    const inCorpus = atlas.corpus.some(({ contents }) => shortPhrases(contents).some((phrase) => heldOut.has(phrase)));
    expect(inCorpus).toBe(true);
  });

  it('hold no held-out question', () => {
    const counts = { fiction: [5000, 13_500], facts: [3200, 8700] };
    const heldOut = new Set(
      (['fiction', 'facts'] as const).flatMap((split) =>
        ([1, 2] as const).flatMap((hops) =>
          atlasTasks({ atlas, split, count: counts[split][hops - 1] ?? 0, hops }).map(({ question }) => question),
        ),
      ),
    );
    const asked = trainingTexts.flatMap((text) => text.match(/(?<=^|Question: )[^\n:]*\?(?=\n|$)/gm) ?? []);
    expect(asked.length).toBeGreaterThan(10_000);
    expect(asked.filter((question) => heldOut.has(question))).toEqual([]);
  });
});

describe('pretrainingTexts', () => {
  it('are the same for the same seed', () => {
    expect(pretrainingTexts({ atlas, count: 50, seed: 3 })).toEqual(pretraining.slice(0, 50));
    expect(pretrainingTexts({ atlas, count: 50, seed: 4 })).not.toEqual(pretraining.slice(0, 50));
  });

  it('hold no tag', () => {
    expect(pretraining.filter(({ text }) => /[<>]/.test(text))).toEqual([]);
  });

  it('weigh answers 1, which stand in the passages, and the rest 0.15', () => {
    for (const { text, segments } of pretraining) {
      expect(segments.map((segment) => segment.text).join('')).toBe(text);
      for (const [index, segment] of segments.entries()) {
        if (segment.weight !== 1) {
          expect(segment.weight).toBe(0.15);
          continue;
        }
        const answer = segment.text.trim();
        const before = segments
          .slice(0, index)
          .map((earlier) => earlier.text)
          .join('');
        const isYesOrNo = answer === 'yes' || answer === 'no';
        if (!isYesOrNo) expect(before).toContain(answer);
      }
    }
  });

  it('show real countries, and never in a question', () => {
    const facts = new Map(
      atlas.bySplit.facts.map(({ name, capital }) => [`The capital of ${name} is ${capital}.`, name]),
    );
    expect(pretraining.some(({ text }) => text.split(/\n|Doc \d: /).some((line) => facts.has(line)))).toBe(true);
    const questions = pretraining.flatMap(({ text }) => text.match(/Question: .*/g) ?? []);
    const asked = new Set(questions.flatMap(shortPhrases));
    const real = [...atlas.realNames].map((name) => nameWords(name).join(' '));
    // Words of a real name may lie inside an invented one ("Guinea Rica"), a whole phrase of two words or more must not.
    expect(real.filter((name) => name.includes(' ') && asked.has(name))).toEqual([]);
  });
});

describe('expertEpisodes', () => {
  it('are the same for the same seed', () => {
    expect(expertEpisodes({ atlas, count: 20, seed: 3 })).toEqual(episodes.slice(0, 20));
  });

  it('end in the right answer, every copied value standing in an observation', () => {
    for (const { task, segments } of episodes) {
      const last = segments.at(-1)?.text ?? '';
      const answer = /<answer>(.*)<\/answer>/.exec(last)?.[1] ?? null;
      expect(exactMatch(answer, task.goldenAnswers)).toBe(true);
      const observed = segments
        .filter(({ kind }) => kind === 'observation')
        .map(({ text }) => text)
        .join('');
      if (answer !== 'yes' && answer !== 'no') expect(observed).toContain(answer);
      expect(segments.map(({ kind }) => kind)).toEqual(
        segments.map((_, index) => (index % 2 === 0 ? 'policy' : 'observation')),
      );
    }
  });

  it('cover all types of questions and both hops', () => {
    expect(new Set(episodes.map(({ task }) => task.metadata?.type)).size).toBe(20);
    const twoHops = episodes.filter(({ task }) => task.metadata?.hops === 2).length;
    expect(twoHops).toBeGreaterThan(800);
    expect(twoHops).toBeLessThan(1200);
  });
});
