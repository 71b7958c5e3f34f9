import { createRandom, type Random, type RetrievedDocument, type Trajectory } from '@dgpo/trajectory';

const syllables = [
  'ka',
  'lo',
  'mi',
  'ra',
  'ten',
  'sul',
  'var',
  'no',
  'pe',
  'tri',
  'gan',
  'é',
  'do',
  'wes',
  'ix',
  'bur',
];
const smallWords = ['the', 'a', 'of', 'in', 'and', 'is', 'was', 'by', 'an', 'to', '1987,', '(see', 'below).'];

/** An invented word, the same for the same number. */
function wordOf(number: number): string {
  let word = '';
  for (let rest = number + 1; rest > 0; rest = Math.floor(rest / syllables.length)) {
    word += syllables[rest % syllables.length] ?? '';
  }
  return word;
}

const vocabulary = Array.from({ length: 4000 }, (_, index) => wordOf(index));

const words = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.pick(random.next() < 0.35 ? smallWords : vocabulary)).join(' ');

function passage(random: Random, title: string, fact: string): RetrievedDocument {
  const contents = `"${title}"\n${words(random, 23)} ${fact} ${words(random, 23)}.`;
  return { document: { id: title, contents }, score: random.next() };
}

/**
 * One episode of search question answering whose transcript has about 2,000 characters: two searches of two passages each, thoughts, and
 * an answer that is right, wrong, in other words, or missing.
 */
function makeEpisode(seed: number, index: number): Trajectory {
  const random = createRandom(seed).split('episode', index);
  const titles = [0, 1, 2, 3].map((number) => `${random.pick(vocabulary)} ${number}`);
  const gold = `${random.pick(vocabulary)} ${random.pick(vocabulary)}`;
  const prompt = `Answer the question, search first.\nQuestion: which ${words(random, 12)}?`;
  const searches = [0, 1].map((turn) => {
    const isHit = random.next() < 0.5;
    const documents = [0, 1].map((place) =>
      passage(random, titles[2 * turn + place] ?? '', isHit && place === 0 ? gold : random.pick(vocabulary)),
    );
    const query = words(random, 5);
    return {
      turn,
      query,
      documents,
      text: `<think>${words(random, 18)}</think>\n<search>${query}</search>`,
      observation: `<information>${documents.map(({ document }, place) => `Doc ${place + 1}: ${document.contents}`).join('\n')}</information>`,
    };
  });
  const kind = random.next();
  const answer = kind < 0.4 ? `The ${gold}.` : kind < 0.6 ? `${gold} ${words(random, 2)}` : words(random, 2);
  const isAnswered = kind < 0.95;
  const last = `<think>${words(random, 18)}</think>\n<answer>${answer}</answer>`;
  return {
    id: `q${index}#0`,
    task: {
      id: `q${index}`,
      question: prompt,
      goldenAnswers: [gold, `${gold} ${random.pick(vocabulary)}`],
      metadata: { hops: 1 + (index % 4), supporting_facts: { title: [titles[0], titles[2]], sent_id: [0, 0] } },
    },
    environment: 'search-qa',
    policy: 'bench',
    sample: 0,
    segments: [
      { kind: 'prompt', text: prompt },
      ...searches.flatMap(({ text, observation }) => [
        { kind: 'policy' as const, text },
        { kind: 'observation' as const, text: observation },
      ]),
      { kind: 'policy', text: last },
    ],
    actions: [
      ...searches.map(({ turn, query, documents, text }) => ({
        turn,
        kind: 'search' as const,
        text,
        query,
        executed: true,
        documents,
      })),
      isAnswered
        ? { turn: 2, kind: 'answer', text: last, answer, executed: true }
        : { turn: 2, kind: 'invalid', text: last, executed: false },
    ],
    outcome: {
      correct: kind < 0.4,
      reward: kind < 0.4 ? 1 : 0,
      answer: isAnswered ? answer : null,
      endedBy: isAnswered ? 'answer' : 'turns',
    },
  };
}

/** Episodes from a seed, one at a time. */
export function* makeEpisodes({ count, seed }: { count: number; seed: number }): Generator<Trajectory> {
  for (let index = 0; index < count; index++) yield makeEpisode(seed, index);
}
