import { createRandom, type Random } from '@dgpo/trajectory';
import type { Atlas } from './atlas.js';
import type { Country } from './country.js';
import { renderDocuments } from './documents.js';
import { countryPassages, fieldPassages, type Passage } from './passages.js';
import { evidenceFields, type Question } from './questions.js';
import { drawQuestion, drawScene, type Scene } from './scene.js';

/** Text to pretrain on, in parts of different weight in the loss. */
export interface PretrainingExample {
  text: string;
  /** The same text in parts: answers weigh 1, the rest 0.15. */
  segments: { text: string; weight: number }[];
}

export interface PretrainingTextsOptions {
  atlas: Atlas;
  count: number;
  /** @default 0 */
  seed?: number;
}

const readingWeight = 0.15;

function toExample(segments: PretrainingExample['segments']): PretrainingExample {
  return { text: segments.map(({ text }) => text).join(''), segments };
}

const byTitle = (countries: readonly Country[], title: string) => countries.filter(({ name }) => name === title);

/** Passages with the evidence for some questions of a scene and one or two others, in random order. */
function drawDocuments(scene: Scene, questions: readonly Question[], random: Random): Passage[] {
  const evidence = questions.flatMap((question) =>
    question.titles.flatMap((title) =>
      byTitle(scene.countries, title).flatMap((country) =>
        evidenceFields(question).map((field) => ({ country, field, key: `${title}:${field}` })),
      ),
    ),
  );
  const needed = new Map(evidence.map((item) => [item.key, item]));
  const passages = [...needed.values()].flatMap(({ country, field }) => fieldPassages(country, field, random));
  const others = scene.countries
    .flatMap((country) => countryPassages(country, random))
    .filter(({ country, field }) => !needed.has(`${country}:${field}`));
  const extra = Math.max(passages.length < 2 ? 1 : 0, random.integer(2));
  return random.shuffle([...passages, ...random.shuffle(others).slice(0, extra)]);
}

/** Two or three passages, then questions whose answers stand in them. */
function readingExercise(atlas: Atlas, random: Random): PretrainingExample {
  const scene = drawScene(atlas, random);
  const questions = [...new Set(Array.from({ length: random.pick([1, 2, 2]) }, () => drawQuestion(scene, random)))];
  const documents = drawDocuments(scene, questions, random);
  const segments: PretrainingExample['segments'] = [];
  let before = `${renderDocuments(documents.map(({ contents }) => contents))}\n`;
  for (const { wordings, goldenAnswers } of questions) {
    segments.push({ text: `${before}Question: ${random.pick(wordings)}\nAnswer:`, weight: readingWeight });
    segments.push({ text: ` ${goldenAnswers[0] ?? ''}\n`, weight: 1 });
    before = '';
  }
  return toExample(segments);
}

/** Passages of real countries, of those to train on, or of throwaway ones. */
function drawPassages(atlas: Atlas, count: number, random: Random): Passage[] {
  return Array.from({ length: count }, () => {
    const country =
      random.next() < 0.4 ? random.pick(atlas.bySplit.facts) : random.pick(drawScene(atlas, random).countries);
    return random.pick(countryPassages(country, random));
  });
}

/** Passages, then one of them once more. */
function copyExercise(atlas: Atlas, random: Random): PretrainingExample {
  const passages = drawPassages(atlas, random.pick([2, 3]), random);
  const chosen = random.integer(passages.length);
  const documents = renderDocuments(passages.map(({ contents }) => contents));
  return toExample([
    { text: `${documents}\nCopy Doc ${chosen + 1}:`, weight: readingWeight },
    { text: ` ${passages[chosen]?.text ?? ''}\n`, weight: 1 },
  ]);
}

function plainPassages(atlas: Atlas, random: Random): PretrainingExample {
  const contents = drawPassages(atlas, 4, random).map((passage) => passage.contents);
  const text = random.next() < 0.5 ? renderDocuments(contents) : contents.join('\n\n');
  return toExample([{ text: `${text}\n`, weight: readingWeight }]);
}

/**
 * A fresh example to pretrain on, without any tag or protocol: in six of ten draws passages with questions and answers, in two a
 * passage to copy, in two plain passages. Questions are about countries to train on or throwaway ones; real countries occur in
 * plain passages and in passages to copy, never in the words of a question.
 */
export function pretrainingExample(atlas: Atlas, random: Random): PretrainingExample {
  const kind = random.next();
  if (kind < 0.6) return readingExercise(atlas, random);
  return kind < 0.8 ? copyExercise(atlas, random) : plainPassages(atlas, random);
}

/** A list of fresh examples to pretrain on; same atlas and seed, same list. */
export function pretrainingTexts({ atlas, count, seed = 0 }: PretrainingTextsOptions): PretrainingExample[] {
  const random = createRandom(seed).split('pretraining');
  return Array.from({ length: count }, (_, index) => pretrainingExample(atlas, random.split(index)));
}
