import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRetriever } from '@dgpo/retriever';
import { readEvaluation } from '@dgpo/trainer';
import { ConfigError, EnvironmentError, writeTasks } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeResults } from '../evaluation/evaluation-results.js';
import { createFolderStore } from '../evaluation/evaluation-store.js';
import { runProgram } from '../program.js';
import { openSearchSource, type SearchSource } from '../retrieval/search-source.js';
import { type EvaluateEndpointOptions, endpointRules, evaluateEndpoint } from './evaluate-endpoint.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-endpoint-'));
let search: SearchSource | undefined;

const tasks = ['Peru', 'Chile', 'Cuba', 'Mali', 'Nepal', 'Oman'].map((name, index) => ({
  id: `q${index}`,
  question: `What is the capital of ${name}?`,
  goldenAnswers: [`City of ${name}`],
}));
const set = { name: 'capitals', tasks };

beforeAll(async () => {
  const documents = tasks.map(({ question, goldenAnswers }, index) => ({
    id: String(index),
    contents: `${question}\nIt is the ${goldenAnswers[0]}.`,
  }));
  await (await createRetriever({ documents })).save(join(folder, 'index'));
  search = await openSearchSource({ index: join(folder, 'index') });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Message {
  role: string;
  content: string | null;
}

/** A model that looks its question up, then answers with what it reads; calls tools where it has some. */
function answerOf(body: { messages: Message[]; tools?: unknown }): object {
  const question = body.messages[0]?.content?.match(/What is the capital of \w+\?/)?.[0] ?? '';
  const read = body.messages.at(-1)?.content?.match(/City of \w+/)?.[0];
  const [name, given, text] =
    read === undefined
      ? ['search', { query: question }, `<search>${question}`]
      : ['answer', { answer: read }, `<answer>${read}`];
  const call = { id: 'c', type: 'function', function: { name, arguments: JSON.stringify(given) } };
  const message = body.tools === undefined ? { content: text } : { content: null, tool_calls: [call] };
  return {
    choices: [{ message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 100, completion_tokens: 10 },
  };
}

/** A server in this process that fails for some questions, and remembers what it was asked. */
function setUp(fails: (question: string) => boolean = () => false) {
  const asked: string[] = [];
  const endpoint: EvaluateEndpointOptions['endpoint'] = {
    ...{ url: 'http://model.test/v1', model: 'm', retries: 0 },
    fetch: async (_, init) => {
      const text = String(init?.body);
      const question = /capital of (\w+)/.exec(text)?.[1] ?? '';
      asked.push(question);
      if (fails(question)) return new Response('{"error": {"message": "out of order"}}', { status: 500 });
      return new Response(JSON.stringify(answerOf(JSON.parse(text))));
    },
  };
  const play = (options: Partial<EvaluateEndpointOptions> = {}) =>
    evaluateEndpoint({ endpoint, search, sets: [set], concurrency: 2, bootstrapSamples: 50, ...options });
  return { asked, play };
}

const keepIn = (name: string) => ({ store: createFolderStore(join(folder, name)) });
const episodesOf = (name: string) => readFileSync(join(folder, name, 'capitals/episodes.jsonl'), 'utf8');
const idsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id as string);

describe('plays', () => {
  test.each(['tags', 'tool-calls'] as const)('with %s: searches, answers, counts what it took', async (format) => {
    const { evaluation, cost, corpus, settings } = await setUp().play({ rules: { ...endpointRules, format } });
    const [capitals] = evaluation.sets;
    expect(capitals?.scored?.score).toMatchObject({ questions: 6, score: { mean: 1 }, errors: 0 });
    expect(capitals?.answerRecall).toEqual({ questions: 6, corpus: 1, retrieval: 1, topK: 3 });
    expect(corpus).toMatchObject({ name: 'index', passages: 6 });
    expect(settings).toMatchObject({ policy: { kind: 'endpoint', url: 'http://model.test/v1', model: 'm' } });
    expect(capitals?.trajectories.map(({ id }) => id)).toEqual(tasks.map(({ id }) => `${id}#0`));
    const [episode] = capitals?.trajectories ?? [];
    expect(episode).toMatchObject({ policy: 'm', outcome: { endedBy: 'answer', correct: true } });
    expect(episode?.actions.map(({ kind }) => kind)).toEqual(['search', 'answer']);
    // The ids are those of no model.
    expect(episode?.segments.every(({ tokenIds, logProbs }) => tokenIds === undefined && logProbs === undefined)).toBe(
      true,
    );
    // Two calls an episode, of 100 tokens read and 10 written each.
    expect(cost.overall).toMatchObject({
      ...{ engine: 'endpoint', threads: 2, questions: 6, episodes: 6, modelCalls: 12, searches: 6 },
      ...{ promptTokens: 1200, policyTokens: 120, errors: 0 },
    });
  });

  test('several samples, with temperature and top-p as asked', async () => {
    const { evaluation, settings } = await setUp().play({ samplesPerTask: 2, temperature: 0.7, topP: 0.9, seed: 4 });
    expect(settings).toMatchObject({ temperature: 0.7, topP: 0.9, samplesPerTask: 2, seed: 4 });
    expect(evaluation.sets[0]?.trajectories.map(({ id }) => id).slice(0, 3)).toEqual(['q0#0', 'q0#1', 'q1#0']);
    expect(evaluation.sets[0]?.scored?.score).toMatchObject({ questions: 6, episodes: 12 });
  });

  test('questions without a golden answer are left out and counted; a set of nothing else is refused', async () => {
    const unknown = { id: 'u', question: 'What is the capital of nowhere?', goldenAnswers: [] };
    const { evaluation } = await setUp().play({ sets: [{ name: 'capitals', tasks: [unknown, ...tasks] }] });
    expect(evaluation.sets[0]).toMatchObject({ withoutAnswer: ['capitals: u'], scored: { score: { questions: 6 } } });
    const none = setUp().play({ sets: [{ name: 'nothing', tasks: [unknown] }] });
    await expect(none).rejects.toThrow('nothing: no question has a golden answer');
  });
});

describe('a server that fails', () => {
  const failing = (question: string) => question === 'Cuba';

  test('ends its episodes by an error, which is counted; the same command plays them alone again', async () => {
    const broken = setUp(failing);
    const first = await broken.play(keepIn('errors'));
    expect(first.evaluation.sets[0]?.scored?.score).toMatchObject({ questions: 6, errors: 1, score: { mean: 5 / 6 } });
    expect(first.evaluation.sets[0]?.trajectories[2]?.outcome).toMatchObject({
      endedBy: 'error',
      error: expect.stringMatching(/status 500: out of order/),
    });
    expect(first.cost.overall.errors).toBe(1);
    await writeResults(join(folder, 'errors'), first);
    const results = JSON.parse(readFileSync(join(folder, 'errors/results.json'), 'utf8'));
    expect(results.dgpo.sets[0]).toMatchObject({ errors: 1, samples: 'capitals/episodes.jsonl' });

    // One of one fails now, one of six in all.
    expect((await setUp(failing).play(keepIn('errors'))).cost.overall).toMatchObject({ episodes: 6, errors: 1 });
    const { policyTokens } = first.cost.overall;
    expect(policyTokens).toBe(100);

    const mended = setUp();
    const second = await mended.play(keepIn('errors'));
    expect(mended.asked).toEqual(['Cuba', 'Cuba']);
    expect(second.evaluation.sets[0]?.scored?.score).toMatchObject({ errors: 0, score: { mean: 1 } });
    expect(second.cost.overall).toMatchObject({ episodes: 6, errors: 0 });
    // What was kept on the way is the same as what is played at once.
    await setUp().play(keepIn('whole'));
    expect(episodesOf('errors')).toBe(episodesOf('whole'));
  });

  test('above the share of errors it is given up, with what is finished kept', async () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...{ id: `p${index}`, question: `What is the capital of ${index < 8 ? 'Peru' : 'Cuba'}?` },
      goldenAnswers: [`City of ${index < 8 ? 'Peru' : 'Cuba'}`],
    }));
    const sets = [{ name: 'capitals', tasks: many }];
    const broken = setUp(failing);
    const given = broken.play({ ...keepIn('up'), sets, concurrency: 1 });
    await expect(given).rejects.toBeInstanceOf(EnvironmentError);
    // After 8 right ones, the twelfth error is more than half of twenty.
    await expect(given).rejects.toThrow(
      /capitals: 12 of 20 episodes ended by an error \(.*out of order.*same command again/,
    );
    expect(idsOf(episodesOf('up'))).toHaveLength(20);
    const mended = setUp();
    const { evaluation } = await mended.play({ ...keepIn('up'), sets });
    expect(evaluation.sets[0]?.scored?.score).toMatchObject({ questions: 30, errors: 0 });
    expect(mended.asked).not.toContain('Peru');
    await expect(setUp(failing).play({ sets, maxErrorRate: 0.9 })).resolves.toMatchObject({
      evaluation: { sets: [{ scored: { score: { errors: 22 } } }] },
    });
  });
});

describe('an interrupt', () => {
  test('in the middle loses nothing that has ended; a torn last line is played again', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const interrupted = setUp().play({
      ...{ ...keepIn('torn'), concurrency: 1, signal: controller.signal },
      onProgress: ({ done }) => {
        if (done === 3) controller.abort(reason);
      },
    });
    await expect(interrupted).rejects.toBe(reason);
    expect(idsOf(episodesOf('torn'))).toEqual(['q0#0', 'q1#0', 'q2#0']);
    writeFileSync(join(folder, 'torn/capitals/episodes.jsonl'), episodesOf('torn').slice(0, -30));

    const resumed = setUp();
    await resumed.play(keepIn('torn'));
    expect([...new Set(resumed.asked)].sort()).toEqual(['Cuba', 'Mali', 'Nepal', 'Oman']);
    await setUp().play(keepIn('untorn'));
    expect(episodesOf('torn')).toBe(episodesOf('untorn'));
  });

  test('other settings are refused with what differs, and further sets may join', async () => {
    await setUp().play(keepIn('settings'));
    const refused = (options: Partial<EvaluateEndpointOptions>) => setUp().play({ ...keepIn('settings'), ...options });
    await expect(refused({ temperature: 1 })).rejects.toThrow(ConfigError);
    await expect(refused({ temperature: 1 })).rejects.toThrow(
      /settings: holds episodes of other settings: temperature is 0 there and 1 in this command/,
    );
    await expect(refused({ rules: { ...endpointRules, topK: 5 } })).rejects.toThrow(
      /environment\.topK is 3 there and 5 in this command/,
    );
    await expect(refused({ sets: [{ name: 'capitals', tasks: tasks.slice(1) }] })).rejects.toThrow(
      /other questions of capitals \(6 there, 5 in this command\)/,
    );
    const joined = setUp();
    const { evaluation } = await joined.play({
      ...keepIn('settings'),
      sets: [set, { name: 'more', tasks: tasks.slice(4) }],
    });
    expect(joined.asked).toEqual(['Nepal', 'Oman', 'Nepal', 'Oman']);
    expect(evaluation.averages.questionAnswering).toMatchObject({ mean: 1, count: 2 });
    await expect(refused({ sets: [{ name: 'more', tasks: tasks.slice(4) }] })).rejects.toThrow(
      /holds capitals too, and results are of all sets of a folder: name these again/,
    );
  });
});

test('dgpo-eval run --endpoint: results of lm-eval, the key only on its way, read back by readEvaluation', async () => {
  const keys: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    keys.push(request.headers.authorization);
    let text = '';
    for await (const part of request) text += part;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answerOf(JSON.parse(text))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
  const output = { text: '' };
  const stream = {
    write: (part: string) => {
      output.text += part;
      return true;
    },
  };
  try {
    await writeTasks(join(folder, 'capitals.jsonl'), tasks);
    const words = ['run', 'gpt-test', '--endpoint', url, '--api-key-variable', 'TEST_KEY', '--format', 'tool-calls'];
    const code = await runProgram(
      [...words, '--questions', 'capitals.jsonl', '--index', 'index', '--out', 'api', '--bootstrap-samples', '50'],
      {
        ...{ output: stream, errors: stream, workingDirectory: folder, signal: new AbortController().signal },
        environment: { TEST_KEY: 'secret-key' },
      },
    );
    expect({ code, error: output.text.match(/error: .*/)?.[0] }).toEqual({ code: 0, error: undefined });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  expect(new Set(keys)).toEqual(new Set(['Bearer secret-key']));
  const written =
    readFileSync(join(folder, 'api/results.json'), 'utf8') + readFileSync(join(folder, 'api/settings.json'), 'utf8');
  expect(output.text + written).not.toContain('secret-key');
  expect(JSON.parse(readFileSync(join(folder, 'api/capitals/results.json'), 'utf8'))).toMatchObject({
    model_name: 'gpt-test',
    results: { capitals: { 'exact_match,none': 1 } },
    dgpo: { sets: [{ name: 'capitals', samples: 'episodes.jsonl' }] },
  });
  for (const path of ['api', 'api/capitals']) {
    const { model, sets } = await readEvaluation({ path: join(folder, path) });
    expect({ model, names: sets.map(({ name }) => name) }).toEqual({ model: 'gpt-test', names: ['capitals'] });
    expect(sets[0]?.summary.overall.figures.exactMatch.mean).toBe(1);
  }
});
