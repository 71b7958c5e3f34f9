import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError, ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listening, scripted } from '../teachers/__fixtures__/fake-server.js';
import { worldEpisode } from './__fixtures__/worlds.js';
import { collectHints, readHintRecords } from './collect-hints.js';
import { createHintChooser } from './create-hint-chooser.js';
import { createHintWriter, createRuleHintWriter, type HintWriterOptions } from './create-hint-writer.js';

const said = (content: unknown, usage: object = { prompt_tokens: 90, completion_tokens: 10 }) => ({
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage,
});
const hints = (...texts: string[]) => said(JSON.stringify({ hints: texts.map((text) => ({ category: 'x', text })) }));
const refusal = () =>
  new Response(JSON.stringify({ error: { message: 'response_format is not supported' } }), { status: 400 });
const failed = worldEpisode({
  turns: [
    ['take mug 1 from shelf 2', 'Nothing happens.', 'refused'],
    [null, 'Write a command.'],
  ],
  task: { metadata: { type: 'heat' } },
});

function writerOf(answers: Parameters<typeof scripted>[0], options: Partial<HintWriterOptions> = {}) {
  const { options: server, requests } = scripted(answers);
  return { writer: createHintWriter({ ...server, model: 'writer', ...options }), requests };
}

describe('createHintWriter', () => {
  test('asks for a schema, greedily, with goal, category and turns', async () => {
    const { writer, requests } = writerOf([hints('Go to the {container} first.')]);
    expect(await writer.write({ trajectory: failed })).toEqual({
      id: 'game#0',
      domain: 'household',
      category: 'heat',
      goal: 'put a clean mug in shelf',
      source: 'writer',
      hints: ['Go to the {container} first.'],
      tokens: 100,
    });
    expect(requests[0]).toMatchObject({
      url: 'http://teacher.test:8000/v1/chat/completions',
      body: { model: 'writer', temperature: 0, max_tokens: 600, response_format: { type: 'json_schema' } },
    });
    const sent = JSON.stringify(requests[0]?.body.messages);
    for (const part of [
      'heat',
      'put a clean mug in shelf',
      '1. take mug 1 from shelf 2 [refused]',
      'Nothing happens.',
      '2. (no command) [refused]',
    ]) {
      expect(sent).toContain(part);
    }
  });

  test('long attempts lose their oldest turns', async () => {
    const { writer, requests } = writerOf([hints()], { maxTraceCharacters: 60 });
    await writer.write({ trajectory: failed });
    const sent = JSON.stringify(requests[0]?.body.messages);
    expect(sent).toContain('(1 earlier turns)');
    expect(sent).not.toContain('take mug');
  });

  test('a server without schemas is asked for JSON, then by words alone, and that is remembered', async () => {
    const { writer, requests } = writerOf([refusal(), refusal(), hints('Open it.'), hints('Close it.')]);
    expect((await writer.write({ trajectory: failed })).hints).toEqual(['Open it.']);
    expect((await writer.write({ trajectory: failed })).hints).toEqual(['Close it.']);
    const formats = requests.map(({ body }) => (body.response_format as { type: string } | undefined)?.type);
    expect(formats).toEqual(['json_schema', 'json_object', undefined, undefined]);
  });

  test('hints against the rules are left out with a reason, the others are limited and different', async () => {
    const texts = ['Open cabinet 3.', 'Open it.', 'open  it.', 'Close it.', 'Take it.', 'Put it down.', 'Leave it.'];
    const record = await writerOf([hints(...texts)]).writer.write({ trajectory: failed });
    expect(record.hints).toEqual(['Open it.', 'Close it.', 'Take it.', 'Put it down.']);
    expect(record.problems).toEqual(['it has a number: Open cabinet 3.']);
    const trajectory = worldEpisode({ environment: 'webshop' });
    expect((await writerOf([hints(...texts)]).writer.write({ trajectory })).hints).toHaveLength(2);
    expect((await writerOf([hints(...texts)], { maxHints: 1 }).writer.write({ trajectory: failed })).hints).toEqual([
      'Open it.',
    ]);
  });

  test('names of products that the attempt has seen are left out', async () => {
    const trajectory = worldEpisode({
      environment: 'webshop',
      turns: [
        [
          'search[shirt]',
          'page 1 (total results: 9) | next > | first ban-tol | lia shirt | $9.5 | second ken-dol | dex shirt | $8.1 to $9',
        ],
      ],
    });
    const texts = ['Leave BAN-TOL alone.', 'Click ken-dol.', 'Look for the Dex Shirt.', 'Look for the {item}.'];
    expect(await writerOf([hints(...texts)]).writer.write({ trajectory })).toMatchObject({
      hints: ['Look for the {item}.'],
      problems: [
        'it names "ban-tol": Leave BAN-TOL alone.',
        'it names "ken-dol": Click ken-dol.',
        'it names "dex shirt": Look for the Dex Shirt.',
      ],
    });
  });

  test('reference keeps the first four as they are, cut', async () => {
    const long = `Open ${'x'.repeat(300)}`;
    const { writer } = writerOf([hints('Open cabinet 3.', long, 'b', 'c', 'd')], { compat: 'reference' });
    expect((await writer.write({ trajectory: failed })).hints).toEqual([
      'Open cabinet 3.',
      long.slice(0, 240),
      'b',
      'c',
    ]);
  });

  test.each([['I am sorry.'], ['{"hints": 3}'], [''], [null]])(
    'an answer without hints is an empty set: %j',
    async (content) => {
      const record = await writerOf([said(content, {})]).writer.write({ trajectory: failed });
      expect(record).toMatchObject({
        hints: [],
        tokens: 0,
        problems: [expect.stringContaining('no hints in the answer')],
      });
    },
  );

  test('a refusal of the model is an empty set with its reason', async () => {
    const { choices, usage } = said(null);
    const message = { role: 'assistant', content: null, refusal: 'I cannot help with that.' };
    const answer = { choices: choices.map((choice) => ({ ...choice, message })), usage };
    expect(await writerOf([answer]).writer.write({ trajectory: failed })).toMatchObject({
      hints: [],
      tokens: 100,
      problems: ['the model gave no text: I cannot help with that.'],
    });
  });

  test('a server that refuses everything, breaks or speaks another language is an error', async () => {
    const write = (answer: object, options = {}) =>
      writerOf(
        Array.from({ length: 9 }, () => answer),
        options,
      ).writer.write({ trajectory: failed });
    const { writer } = writerOf([refusal(), refusal(), refusal()]);
    await expect(writer.write({ trajectory: failed })).rejects.toThrow(/refused the request \(status 400/);
    await expect(write(new Error('gone'), { retries: 1 })).rejects.toThrow(ModelError);
    await expect(write({ choices: [] })).rejects.toThrow(/0 choices/);
    await expect(write({ choices: [{ text: 'x' }] })).rejects.toThrow(ModelError);
  });

  test('a server that never answers is not waited for, and the key stays secret', async () => {
    const silent = await listening(createServer(() => undefined));
    const options = { url: silent.url, model: 'm', apiKeyVariable: 'KEY', environment: { KEY: 'secret-key' } };
    const writer = createHintWriter({ ...options, timeout: 30, retries: 1, backoff: 1 });
    const error = await writer.write({ trajectory: failed }).catch((thrown: unknown) => thrown);
    await silent.close();
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toMatch(/no answer within 30 ms/);
    expect(String(error)).not.toContain('secret-key');
  });

  test('options are checked', () => {
    expect(() => createHintWriter({ url: 'nowhere', model: 'm' })).toThrow(ConfigError);
    expect(() => createHintWriter({ url: 'http://a', model: 'm', maxTokens: 0 })).toThrow('maxTokens');
  });
});

describe('createHintChooser', () => {
  const chooserOf = (answer: object) => {
    const { options, requests } = scripted([answer]);
    return { choose: createHintChooser({ ...options, model: 'm' }), requests };
  };

  test('shows all hints with numbers and reads the chosen ones', async () => {
    const { choose, requests } = chooserOf(said('{"answer": [2, 7, 2]}'));
    expect(await choose({ query: 'find the mug', hints: ['Open it.', 'Close it.'], k: 2 })).toEqual({
      indices: [1],
      tokens: 100,
    });
    const sent = JSON.stringify(requests[0]?.body);
    for (const part of ['find the mug', '1. Open it.', '2. Close it.', 'at most 2']) expect(sent).toContain(part);
  });

  test('an answer without numbers chooses nothing', async () => {
    const { choose } = chooserOf(said('All of them are lovely.'));
    expect(await choose({ query: '', hints: ['Open it.'], k: 3 })).toMatchObject({ indices: [] });
  });
});

describe('collectHints', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hints-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const episodes = [0, 1, 2, 3, 4].map((sample) => ({ ...failed, id: `game#${sample}` }));
  const won = worldEpisode({ task: { id: 'won' }, outcome: { correct: true } });
  const broken = worldEpisode({ task: { id: 'broken' }, outcome: { endedBy: 'error' } });

  test('goes on where it broke off, and a torn line is written anew', async () => {
    const path = join(folder, 'resumed.jsonl');
    const whole = join(folder, 'whole.jsonl');
    const answers = [hints('Open it.'), hints('Open it.'), said('nonsense'), refusal(), refusal(), refusal()];
    const first = writerOf(answers).writer;
    await expect(collectHints({ writer: first, trajectories: episodes, path, concurrency: 1 })).rejects.toThrow(
      ModelError,
    );
    expect((await readHintRecords(path)).map(({ id }) => id)).toEqual(['game#0', 'game#1', 'game#2']);
    await appendFile(path, '{"id":"game#3","dom');
    const { writer, requests } = writerOf([hints('Open it.')]);
    const records = await collectHints({ writer, trajectories: [won, ...episodes, broken], path, concurrency: 1 });
    expect(records.map(({ id, hints: texts }) => [id, texts.length])).toEqual([
      ['game#0', 1],
      ['game#1', 1],
      ['game#2', 0],
      ['game#3', 1],
      ['game#4', 1],
    ]);
    expect(requests).toHaveLength(2);
    await collectHints({
      writer: writerOf([...answers.slice(0, 3), hints('Open it.')]).writer,
      trajectories: episodes,
      path: whole,
      concurrency: 1,
    });
    expect(await readFile(path, 'utf8')).toBe(await readFile(whole, 'utf8'));
  });

  test('keeps the order of the episodes, and files of another writer apart', async () => {
    const path = join(folder, 'rules.jsonl');
    const writer = createRuleHintWriter();
    const records = await collectHints({ writer, trajectories: [...episodes, ...episodes], path, concurrency: 3 });
    expect(records.map(({ id }) => id)).toEqual(episodes.map(({ id }) => id));
    expect(records[0]).toMatchObject({
      source: 'rules',
      category: 'heat',
      hints: expect.arrayContaining([expect.stringContaining('{container}')]),
    });
    expect(await readHintRecords(path)).toEqual(records);
    await expect(collectHints({ writer: writerOf([hints()]).writer, trajectories: episodes, path })).rejects.toThrow(
      /hints of rules, not of writer/,
    );
  });

  test('nothing to do is an empty file', async () => {
    expect(
      await collectHints({ writer: createRuleHintWriter(), trajectories: [won], path: join(folder, 'none.jsonl') }),
    ).toEqual([]);
  });

  test.each([
    ['id', { id: 3 }],
    ['domain', { domain: 'search' }],
    ['category', { category: 1 }],
    ['hints', { hints: ['a', 1] }],
    ['problems', { problems: 'x' }],
    ['tokens', { tokens: '1' }],
  ])('a record with a wrong %s is refused', async (key, wrong) => {
    const path = join(folder, `wrong-${key}.jsonl`);
    const record = { id: 'a', domain: 'household', category: null, goal: '', source: 'rules', hints: [] };
    await appendFile(path, `${JSON.stringify({ ...record, ...wrong })}\n`);
    await expect(readHintRecords(path)).rejects.toThrow(DatasetError);
    await expect(readHintRecords(path)).rejects.toThrow(`${key}: expected`);
  });

  test('aborting stops it', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(
      collectHints({ writer: createRuleHintWriter(), trajectories: episodes, path: join(folder, 'x.jsonl'), signal }),
    ).rejects.toThrow('enough');
  });
});
