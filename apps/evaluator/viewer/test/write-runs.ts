import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeTrajectory, type Segment, type Trajectory } from '@dgpo/trajectory';

const student = fileURLToPath(new URL('../../../trainer/assets/student', import.meta.url));

/** Ids of the longest pieces of the vocabulary that make up a text (ASCII): decoded they are the text again. */
function createEncoder(): (text: string) => number[] {
  const file = JSON.parse(readFileSync(join(student, 'tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> };
    added_tokens: { content: string; id: number }[];
  };
  const ids = new Map(
    Object.entries(file.model.vocab).map(([piece, id]) => [piece.replaceAll('Ġ', ' ').replaceAll('Ċ', '\n'), id]),
  );
  for (const { content, id } of file.added_tokens) ids.set(content, id);
  const longest = Math.max(...[...ids.keys()].map((piece) => piece.length));
  return (text) => {
    const encoded: number[] = [];
    let rest = text;
    while (rest !== '') {
      let length = Math.min(longest, rest.length);
      while (length > 1 && !ids.has(rest.slice(0, length))) length -= 1;
      const id = ids.get(rest.slice(0, length));
      if (id === undefined) throw new Error(`the vocabulary has no piece for ${JSON.stringify(rest[0])}`);
      encoded.push(id);
      rest = rest.slice(length);
    }
    return encoded;
  };
}

const encode = createEncoder();

/** Of the page under test: model text that would act if it were markup. */
export const hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

interface EpisodeOptions {
  index: number;
  correct: boolean;
  question?: string;
  query?: string;
}

function episode({ index, correct, question, query }: EpisodeOptions): Trajectory {
  const asked = question ?? `Which town is number ${index}?`;
  const searched = query ?? `town ${index}`;
  const answer = correct ? `Town ${index}` : 'Nowhere';
  const contents = `Town ${index}\nTown ${index} is a town of ${hostile}`;
  const segments: Segment[] = [
    { kind: 'prompt', text: `Question: ${asked}\n` },
    { kind: 'policy', text: `<search>${searched}</search>` },
    { kind: 'observation', text: `<information>Doc 1: ${contents}</information>` },
    { kind: 'policy', text: `<think>It is ${answer}.</think><answer>${answer}</answer>` },
  ];
  return {
    id: `q${index}#0`,
    task: { id: `q${index}`, question: asked, goldenAnswers: [`Town ${index}`], metadata: {} },
    environment: 'search',
    policy: 'student',
    sample: 0,
    segments: segments.map((segment) => {
      const tokenIds = encode(segment.text);
      if (segment.kind !== 'policy') return { ...segment, tokenIds };
      return { ...segment, tokenIds, logProbs: tokenIds.map((_, place) => -0.01 * 3 ** (place % 7)) };
    }),
    actions: [
      {
        turn: 0,
        kind: 'search',
        text: segments[1]?.text ?? '',
        query: searched,
        executed: true,
        documents: [{ document: { id: `d${index}`, contents }, score: 9.5 }],
      },
      { turn: 1, kind: 'answer', text: segments[3]?.text ?? '', answer, executed: true },
    ],
    outcome: { correct, reward: correct ? 1 : 0, answer, endedBy: 'answer' },
  };
}

const line = (value: object) => `${JSON.stringify(value)}\n`;

const metricsLine = (step: number) => line({ stage: 'dgpo', step, reward: step / 40, loss: 2 / step, kl: 0.1 * step });

/** Where a training of the test is to have arrived. */
export interface TrainingProgress {
  directory: string;
  step: number;
}

/** One more update of the training: a line of metrics and a trace of 4 episodes with what was recorded of their tokens. */
export function continueTraining({ directory, step }: TrainingProgress): void {
  const episodes = [0, 1, 2, 3].map((index) =>
    episode({
      index,
      correct: index % 2 === 0,
      ...(index === 3 ? { question: `What is ${hostile}?`, query: hostile } : {}),
    }),
  );
  const traces = join(directory, 'training/traces');
  mkdirSync(traces, { recursive: true });
  const records = episodes.map(({ id, segments }, place) => {
    const logProbs = segments.flatMap((segment) => segment.logProbs ?? []);
    return {
      id,
      episode: place,
      logProbs,
      advantages: logProbs.map((_, token) => Math.sin(token)),
      referenceLogProbs: logProbs.map((value, token) => value - 3 * Math.cos(token)),
      gated: place % 2 === 1,
    };
  });
  writeFileSync(join(traces, `dgpo-${step}.tokens.jsonl`), records.map(line).join(''));
  writeFileSync(join(traces, `dgpo-${step}.jsonl`), episodes.map((own) => line(encodeTrajectory(own))).join(''));
  appendFileSync(join(directory, 'training/metrics.jsonl'), metricsLine(step));
}

/** A folder with a training, two evaluations of the same 20 questions, and a log of `count` episodes with one bad line. */
export function writeRuns({ directory, count }: { directory: string; count: number }): void {
  mkdirSync(join(directory, 'training/stages/dgpo/model'), { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'config.json']) {
    cpSync(join(student, name), join(directory, 'training/stages/dgpo/model', name));
  }
  for (let step = 1; step < 10; step += 1) appendFileSync(join(directory, 'training/metrics.jsonl'), metricsLine(step));
  continueTraining({ directory, step: 10 });
  for (const [place, model] of ['before', 'after'].entries()) {
    const folder = join(directory, model);
    mkdirSync(folder);
    // The first is right on every fourth question, the second on every second.
    const episodes = Array.from({ length: 20 }, (_, index) =>
      episode({ index, correct: index % (place === 0 ? 4 : 2) === 0 }),
    );
    writeFileSync(join(folder, 'samples_towns.jsonl'), episodes.map((own) => line(encodeTrajectory(own))).join(''));
  }
  const log = Array.from({ length: count }, (_, index) =>
    line(encodeTrajectory(episode({ index, correct: index % 3 === 0 }))),
  );
  log.splice(5, 0, '{"id": "torn\n');
  writeFileSync(join(directory, 'log.jsonl'), log.join(''));
}
