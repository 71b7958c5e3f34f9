import type { Random } from '@dgpo/trajectory';
import type { Atlas, PretrainingExample } from '../atlas/index.js';
import { countryPassages } from '../atlas/passages.js';
import type { Operation } from './arithmetic-plan.js';
import type { ArithmeticWorld } from './arithmetic-world.js';
import { calculate, exactValue, isHalf } from './calculate.js';
import { drawNumbers, type NumberField, numberFields } from './country-numbers.js';
import { fieldNames, numberPassages } from './number-passages.js';
import { drawThrowawayScene } from './throwaway-episodes.js';

const readingWeight = 0.15;

type Segments = PretrainingExample['segments'];

const questionFor = (field: NumberField, country: string) => `What is the ${fieldNames[field]} of ${country}?`;

const sentenceOf = (contents: string) => contents.split('\n').slice(1).join('\n');

/** Passages of throwaway countries, then questions for numbers in them, or one of the passages once more. */
function readNumbers(atlas: Atlas, random: Random): Segments {
  const scene = drawThrowawayScene(atlas, random);
  const facts = scene.countries.flatMap(({ name }) => {
    const numbers = scene.numbers.get(name);
    if (numbers === undefined) return [];
    const passages = numberPassages({ country: name, numbers, random });
    return numberFields.map((field, index) => ({ name, field, value: numbers[field], text: passages[index] ?? '' }));
  });
  const shown = random.shuffle(facts).slice(0, 3);
  const others = scene.countries.flatMap((country) => random.pick(countryPassages(country, random)).contents);
  const sentences = [...shown.map(({ text }) => text), ...random.shuffle(others).slice(0, random.integer(3))];
  const before = `${random.shuffle(sentences).map(sentenceOf).join('\n')}\n`;
  const asked = shown.filter(({ name }) => !atlas.realNames.has(name));
  if (asked.length === 0 || random.next() < 0.2) {
    const [copied] = shown;
    const sentence = sentenceOf(copied?.text ?? '');
    const [start = '', rest = ''] = sentence.split(/(?<=^\S+ \S+ )/);
    return [
      { text: `${before}\nOnce more: ${start}`, weight: readingWeight },
      { text: `${rest}\n`, weight: 1 },
    ];
  }
  return asked.flatMap(
    ({ name, field, value }, index): Segments => [
      {
        text: `${index === 0 ? before : ''}Question: ${questionFor(field, name)}\nAnswer:`,
        weight: readingWeight,
      },
      { text: ` ${value}\n`, weight: 1 },
    ],
  );
}

const operations: readonly Operation[] = ['sum', 'difference', 'ratio', 'average', 'comparison'];

/** Some lines of reckoning, as chains of thought write it. */
function reckon(random: Random): Segments {
  const lines: Segments = [];
  while (lines.length < 10) {
    const operation = random.pick(operations);
    const field = random.pick(numberFields);
    const count = operation === 'sum' || operation === 'average' ? random.pick([2, 3]) : 2;
    const numbers = Array.from({ length: count }, () => drawNumbers({ random, neighbours: random.integer(8) })[field]);
    numbers.sort((a, b) => b - a);
    const [first = 0, second = 0] = numbers;
    if (isHalf(exactValue(operation, numbers)) || (operation !== 'sum' && second === 0)) continue;
    if (operation === 'comparison') {
      if (first === second) continue;
      const order = random.next() < 0.5 ? [first, second] : [second, first];
      lines.push({ text: `${order.join(' and ')}. `, weight: readingWeight });
      lines.push({ text: `${first} is more than ${second}.\n`, weight: 1 });
      continue;
    }
    const { expression, answer } = calculate({ operation, numbers, names: [] });
    lines.push({ text: `${expression} =`, weight: readingWeight }, { text: ` ${answer}.\n`, weight: 1 });
  }
  return lines;
}

/**
 * A fresh example with numbers to pretrain on, without any tag, code or protocol: in six of ten draws passages of countries invented for
 * it with questions for their numbers, in four sums and the like, written out.
 */
export function numberExercise({ atlas, random }: { atlas: Atlas; random: Random }): Segments {
  return random.next() < 0.6 ? readNumbers(atlas, random) : reckon(random);
}

/** Numbers of one kind of countries to train on, as chains of thought recall them, without a passage to read them in. */
export function numberFacts({ world, random }: { world: ArithmeticWorld; random: Random }): Segments {
  const field = random.pick(numberFields);
  const facts = Array.from({ length: 20 }, (): Segments => {
    const { name } = random.pick(world.atlas.bySplit.train);
    return [
      { text: ` ${name} has`, weight: readingWeight },
      { text: ` ${world.numbers.get(name)?.[field] ?? 0}`, weight: 1 },
      { text: '.', weight: readingWeight },
    ];
  });
  return [{ text: `The ${fieldNames[field]}.`, weight: readingWeight }, ...facts.flat()];
}
