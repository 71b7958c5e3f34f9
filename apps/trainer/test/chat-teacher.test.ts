import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer } from '@dgpo/lm';
import type { Trajectory } from '@dgpo/trajectory';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { runPipeline } from '../src/pipeline/run-pipeline.js';
import { type RecipeInput, recipeSchema } from '../src/recipe/recipe-schema.js';

interface ChatBody {
  messages: { role: string; content: string }[];
  continue_final_message?: boolean;
}

const capitals = { Peru: 'Lima', Chile: 'Santiago', Bolivia: 'Sucre', Ecuador: 'Quito' };
const questions = Object.entries(capitals).map(([country, capital]) => ({
  id: country,
  question: `What is the capital of ${country}?`,
  golden_answers: [capital],
}));

const asked: ChatBody[] = [];
let isBroken = false;
let root: string;
let server: Server;
let url: string;

const code = (line: string) => `Code:\n\`\`\`py\n${line}\n\`\`\``;

/** What the teacher says: it searches first, then answers. */
function reply({ messages }: ChatBody): string {
  const [first] = messages;
  const country = Object.keys(capitals).find((name) => first?.content.includes(name)) as keyof typeof capitals;
  if (first?.content.startsWith('Work out')) {
    // Such a beginning would end the turn.
    return country === 'Chile'
      ? 'Observation: none.\n\n<answer>x</answer>'
      : `I look ${country} up.\n\n<answer>x</answer>`;
  }
  const isFirst = !messages.some(({ content }) => content.includes('Printed:'));
  const thought = messages.at(-1)?.role === 'assistant' ? '' : 'Thought: I know.\n';
  const answer = country === 'Bolivia' ? 'La Paz' : capitals[country];
  return `${thought}${code(isFirst ? `print(search("${country}"))` : `final_answer("${answer}")`)}`;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-chat-teacher-'));
  const write = (name: string, rows: object[]) =>
    writeFileSync(join(root, name), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
  write(
    'corpus.jsonl',
    Object.entries(capitals).map(([country, capital]) => ({
      id: country,
      contents: `"${country}"\nThe capital of ${country} is ${capital}.`,
    })),
  );
  write('questions.jsonl', questions);
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += String(part);
    });
    request.on('end', () => {
      const isChat = request.url === '/v1/chat/completions';
      const status = isChat ? (isBroken ? 401 : 200) : 404;
      response.writeHead(status, { 'Content-Type': 'application/json' });
      if (status !== 200) return response.end('{"error":{"message":"unknown url"}}');
      const body = JSON.parse(text) as ChatBody;
      asked.push(body);
      const message = { role: 'assistant', content: reply(body) };
      return response.end(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  asked.length = 0;
  isBroken = false;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

const recipe = (name: string, teacher: object, distill: object = {}): RecipeInput => ({
  method: 'agent-distillation',
  seed: 3,
  outputDir: join(root, name),
  engine: 'wasm',
  data: {
    corpus: join(root, 'corpus.jsonl'),
    trainQuestions: join(root, 'questions.jsonl'),
    evalQuestions: [{ name: 'same', path: join(root, 'questions.jsonl') }],
  },
  retriever: { topK: 1 },
  environment: {
    ...{ maxTurns: 2, maxTokensPerTurn: 160, maxObservationTokens: 200, maxTotalTokens: 700 },
    promptTemplate: 'Question: {question}\n',
  },
  student: {
    fresh: { vocabSize: 512, hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 700 },
  },
  teacher: { kind: 'server', url, name: 'gpt', ...teacher },
  distill: { batchSize: 2, microBatchSize: 1, warmupSteps: 0, numTrainEpochs: 1, ...distill },
  evaluation: { tasksPerSet: 1 },
});

async function run(input: RecipeInput) {
  const lines: string[] = [];
  const result = await runPipeline({
    recipe: { ...recipeSchema.parse(input), workers: 1 },
    resume: false,
    reporter: {
      stage: (name, text) => lines.push(`${name}: ${text}`),
      line: (text) => lines.push(text),
      progress: () => undefined,
      tracker: () => ({ log: () => undefined, finish: async () => undefined }),
    },
  });
  return { ...result, lines };
}

it('a server with chat completions alone teaches an agent, with first thoughts', async () => {
  const chat = { api: 'chat', continueFinalMessage: true };
  const { lines, summary } = await run(recipe('chat', chat, { firstThoughtPrefix: true }));
  expect(Object.keys(summary)).toEqual(['base', 'agent-distillation']);
  expect(lines).toContain('first thoughts for 4 of 4 questions; 0 of 4 name the answer');
  expect(lines).toContain(
    'first thoughts begin 3 of 4 episodes; 1 could not be used, and 0 questions without one are left out',
  );
  const outputs = join(root, 'chat/stages/teacher-outputs');
  const statistics = JSON.parse(readFileSync(join(outputs, 'statistics.json'), 'utf8')) as object;
  expect(statistics).toMatchObject({ samples: 4, correct: 3, kept: 3, prefixes: { used: 3, missing: 0, unusable: 1 } });
  expect(statistics).not.toHaveProperty('meanSearches');

  // Four chains of thought, then two turns of four episodes; three of the first ones go on from their prefix.
  expect(asked).toHaveLength(12);
  const begun = asked.filter((body) => body.continue_final_message === true);
  expect(begun.map(({ messages }) => messages.at(-1))).toEqual(
    ['Peru', 'Bolivia', 'Ecuador'].map((country) => ({
      role: 'assistant',
      content: `Thought: I look ${country} up.\n\n`,
    })),
  );

  const [line = ''] = readFileSync(join(outputs, 'kept.jsonl'), 'utf8').split('\n');
  const { segments } = JSON.parse(line) as Trajectory;
  expect(segments.map(({ kind, text }) => [kind, text])).toEqual([
    ['prompt', 'Question: What is the capital of Peru?\n'],
    ['policy', 'Thought: I look Peru up.\n\n'],
    ['policy', `${code('print(search("Peru"))')}<end_code>`],
    ['observation', expect.stringContaining('The capital of Peru is Lima.')],
    ['policy', `Thought: I know.\n${code('final_answer("Lima")')}<end_code>`],
  ]);
  // The student's tokens, of which the teacher knows no log-probability.
  const tokenizer = await loadTokenizer(join(root, 'chat/stages/agent-distillation/model'));
  for (const { text, tokenIds = [], logProbs } of segments) {
    expect(tokenizer.decode(tokenIds)).toBe(text);
    expect(logProbs).toBeUndefined();
  }
  expect(segments.at(-1)?.tokenIds?.at(-1)).toBe(tokenizer.encode('<end_code>', { allowSpecial: true })[0]);
});

it('a server that answers nothing ends the run by its reason', async () => {
  isBroken = true;
  await expect(run(recipe('broken', { api: 'chat' }))).rejects.toThrow(
    /teacher gpt: 4 turns in a row had no answer, the last one: http.*status 401: unknown url.*--resume/,
  );
});

it('without api: chat such a server is told what it lacks', async () => {
  await expect(run(recipe('ids', {}))).rejects.toThrow(
    /status 404: unknown url\); is this its name of the model, and does it take token ids at \/v1\/completions.*teacher\.api: chat/,
  );
});
