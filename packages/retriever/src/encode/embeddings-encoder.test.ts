import { describe, expect, it } from 'vitest';
import { createEmbeddingsEncoder, type EmbeddingsEncoderOptions } from './embeddings-encoder.js';
import { openEncoder } from './open-encoder.js';

const base64 = (values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');

/** An encoder whose server gives these replies in turn. */
async function scripted(replies: unknown[], options: Partial<EmbeddingsEncoderOptions> = {}) {
  const requests: { url: string; body: unknown; headers: unknown }[] = [];
  const encoder = await createEmbeddingsEncoder({
    url: 'http://models.test',
    model: 'intfloat/e5-base-v2',
    dimension: 2,
    async fetch(input, init) {
      requests.push({ url: String(input), body: JSON.parse(String(init?.body)), headers: init?.headers });
      return Response.json(replies.shift());
    },
    ...options,
  });
  return { encoder, requests };
}

describe('createEmbeddingsEncoder', () => {
  it("asks OpenAI's API and orders the reply by index", async () => {
    const reply = {
      data: [
        { index: 1, embedding: [0, 2] },
        { index: 0, embedding: [3, 4] },
      ],
    };
    const { encoder, requests } = await scripted([reply]);
    expect(await encoder.encode(['x', 'y'])).toEqual([Float32Array.of(3 / 5, 4 / 5), Float32Array.of(0, 1)]);
    expect(requests).toMatchObject([
      {
        url: 'http://models.test/v1/embeddings',
        body: { model: 'intfloat/e5-base-v2', input: ['passage: x', 'passage: y'], encoding_format: 'float' },
      },
    ]);
  });

  it('understands base64 and asks for it', async () => {
    const reply = { data: [{ index: 0, embedding: base64([0.5, -2]) }] };
    const { encoder, requests } = await scripted([reply], { encoding: 'base64', normalize: false });
    expect(await encoder.encode(['x'], 'query')).toEqual([Float32Array.of(0.5, -2)]);
    expect(requests[0]?.body).toMatchObject({ input: ['query: x'], encoding_format: 'base64' });
  });

  it('asks Text Embeddings Inference, in batches, with given prefixes', async () => {
    const { encoder, requests } = await scripted(
      [
        [
          [1, 0],
          [0, 1],
        ],
        [[0, -1]],
      ],
      {
        ...{ api: 'tei', batchSize: 2, passagePrefix: '> ' },
      },
    );
    expect(await encoder.encode(['a', 'b', 'c'])).toEqual([
      Float32Array.of(1, 0),
      Float32Array.of(0, 1),
      Float32Array.of(0, -1),
    ]);
    expect(requests.map(({ url, body }) => ({ url, body }))).toEqual([
      { url: 'http://models.test/embed', body: { inputs: ['> a', '> b'], truncate: true, normalize: true } },
      { url: 'http://models.test/embed', body: { inputs: ['> c'], truncate: true, normalize: true } },
    ]);
  });

  it('takes the dimension of a first request unless it is given', async () => {
    const { encoder } = await scripted([[[1, 2, 2]], [[1, 2]]], { api: 'tei', dimension: undefined as never });
    expect(encoder.dimension).toBe(3);
    await expect(encoder.encode(['x'])).rejects.toThrow(/2 entries instead of 3/);
  });

  it.each([
    ['openai', { data: [] }, /0 vectors for 2 texts/],
    ['openai', { data: [0, 0].map((index) => ({ index, embedding: [1, 2] })) }, /index 0 .* twice/],
    ['openai', { data: [0, 2].map((index) => ({ index, embedding: [1, 2] })) }, /index 2 is too large/],
    ['openai', { data: [0, 1].map((index) => ({ index, embedding: [1] })) }, /1 entries instead of 2/],
    ['openai', { data: [0, 1].map((index) => ({ index, embedding: base64([1, Number.NaN]) })) }, /not finite/],
    ['openai', { data: [0, 1].map((index) => ({ index, embedding: 'AAAA' })) }, /3 bytes/],
    ['openai', { error: { message: 'no such model' } }, /not as in \{"data"/],
    ['tei', [[1, 2]], /1 vectors for 2 texts/],
    [
      'tei',
      [
        [1, 2],
        [1, null],
      ],
      /not as in \[\[/,
    ],
    [
      'tei',
      [
        [1, 2],
        [1, 1e300],
      ],
      /not finite/,
    ],
  ] as const)('refuses a reply of %s: %j', async (api, reply, message) => {
    const { encoder } = await scripted([reply], { api });
    await expect(encoder.encode(['x', 'y'])).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(message),
    });
  });

  it('stores no key, and sends one to the server of an index only when the environment names that server', async () => {
    const environment = { MODELS_KEY: 'secret' };
    const { encoder, requests } = await scripted([[[1, 0]]], { api: 'tei', tokenEnv: 'MODELS_KEY', environment });
    await encoder.encode(['x']);
    expect(requests[0]?.headers).toMatchObject({ Authorization: 'Bearer secret' });
    expect(JSON.stringify(encoder.settings)).not.toContain('secret');
    const settings: unknown = JSON.parse(JSON.stringify(encoder.settings));
    await expect(openEncoder({ settings, directory: '.', environment })).rejects.toThrow(
      /set DGPO_ENCODER_URL=http:\/\/models\.test\/embed/,
    );
    const trusted = { ...environment, DGPO_ENCODER_URL: 'http://models.test' };
    const opened = await openEncoder({ settings, directory: '.', environment: trusted });
    expect(opened.settings).toEqual(encoder.settings);
  });

  it('opens again without a key', async () => {
    const { encoder } = await scripted([]);
    const settings: unknown = JSON.parse(JSON.stringify(encoder.settings));
    const opened = await openEncoder({ settings, directory: '.', environment: {} });
    expect(opened.settings).toEqual(encoder.settings);
    const moved = await openEncoder({ settings, directory: '.', environment: { DGPO_ENCODER_URL: 'http://moved/v1' } });
    expect(moved.settings.url).toBe('http://moved/v1/embeddings');
  });
});
