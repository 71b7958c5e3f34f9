import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openaiAnswer, prompt, sglangAnswer, vllmAnswer } from './__fixtures__/answers.js';
import { listening, scripted } from './__fixtures__/fake-server.js';
import { createServerTeacher, type ServerTeacherOptions } from './create-server-teacher.js';
import type { ServerApi } from './scoring-apis.js';

const answers: Record<ServerApi, object> = { vllm: vllmAnswer, openai: openaiAnswer, sglang: sglangAnswer };
const apis = Object.keys(answers) as ServerApi[];
const all = { tokenIds: prompt, mask: [0, 1, 1, 1] };
const good = vllmAnswer.choices[0];

function teacherOf(script: Parameters<typeof scripted>[0], options: Partial<ServerTeacherOptions> = {}) {
  const { options: server, requests, waits } = scripted(script);
  return { teacher: createServerTeacher({ ...server, model: 'teacher', topK: 2, ...options }), requests, waits };
}

/** vLLM's answer with another place. */
const withPlace = (index: number, place: unknown) => ({
  choices: [{ ...good, prompt_logprobs: good?.prompt_logprobs.map((one, at) => (at === index ? place : one)) }],
});

describe.each(apis)('createServerTeacher, %s', (api) => {
  it('reads log-probabilities and the best tokens, without the one that is there when it is none of them', async () => {
    const { teacher } = teacherOf([answers[api]], { api });
    const [scores] = await teacher.score([all]);
    expect(Array.from(scores?.logProbs ?? [])).toEqual([-0.25, -7.5, -1]);
    expect(scores?.topK?.k).toBe(2);
    expect(Array.from(scores?.topK?.tokenIds ?? [])).toEqual([9, 4, 6, 1, 8, 7]);
    expect(Array.from(scores?.topK?.logProbs ?? [])).toEqual([-0.25, -2.5, -0.5, -1.5, -0.75, -1]);
  });

  it('gives the scored tokens alone, and nothing else where no alternatives are asked for', async () => {
    const { teacher } = teacherOf([answers[api]], { api, topK: 0 });
    const [scores] = await teacher.score([{ tokenIds: prompt, mask: [1, 1, 0, 1] }]);
    expect(Array.from(scores?.logProbs ?? [])).toEqual([-0.25, -1]);
    expect(scores?.topK).toBeUndefined();
  });

  it('refuses other ids than those that were sent', async () => {
    const { teacher, waits } = teacherOf([answers[api]], { api });
    await expect(teacher.score([{ tokenIds: [5, 9, 3, 7], mask: [0, 1, 1, 1] }])).rejects.toMatchObject({
      code: 'MODEL_ERROR',
      where: 'http://teacher.test:8000',
      message: expect.stringMatching(/the server (read id 2 where 3 was sent|scored ids .* where 3)/),
    });
    expect(waits).toEqual([]);
  });

  it('refuses a prompt of another length', async () => {
    const { teacher } = teacherOf([answers[api]], { api });
    await expect(teacher.score([{ tokenIds: [...prompt, 3, 3], mask: [0, 1, 1, 1, 1, 1] }])).rejects.toThrow(
      /the server (read|scored) \d tokens.* 6/,
    );
  });

  it('refuses what is none of its answers', async () => {
    for (const body of [{}, [], null, { choices: [{}] }, { choices: [] }, { meta_info: {} }]) {
      const { teacher } = teacherOf([JSON.stringify(body)], { api });
      await expect(teacher.score([all])).rejects.toMatchObject({ code: 'MODEL_ERROR' });
    }
  });
});

describe('createServerTeacher', () => {
  it('asks vLLM by ids, for one token and prompt_logprobs, up to the last scored token', async () => {
    const { teacher, requests } = teacherOf([vllmAnswer], { apiKey: 'k' });
    await teacher.score([{ tokenIds: [...prompt, 1, 1], mask: [0, 1, 1, 1, 0, 0] }]);
    expect(requests).toEqual([
      {
        url: 'http://teacher.test:8000/v1/completions',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', Authorization: 'Bearer k' },
        body: {
          model: 'teacher',
          prompt,
          max_tokens: 1,
          temperature: 0,
          prompt_logprobs: 2,
          return_token_ids: true,
        },
      },
    ]);
  });

  it('asks an OpenAI-compatible server to echo, and SGLang from the first scored token on', async () => {
    const openai = teacherOf([openaiAnswer], { api: 'openai', topK: 0 });
    await openai.teacher.score([all]);
    expect(openai.requests[0]?.body).toMatchObject({
      prompt,
      echo: true,
      logprobs: 1,
      return_tokens_as_token_ids: true,
    });
    const { input_token_logprobs: tokens, input_top_logprobs: top } = sglangAnswer.meta_info;
    const later = { meta_info: { input_token_logprobs: tokens.slice(1), input_top_logprobs: top.slice(1) } };
    const sglang = teacherOf([later], { api: 'sglang' });
    const [scores] = await sglang.teacher.score([{ tokenIds: prompt, mask: [0, 0, 1, 1] }]);
    expect(Array.from(scores?.logProbs ?? [])).toEqual([-7.5, -1]);
    expect(sglang.requests[0]).toMatchObject({
      url: 'http://teacher.test:8000/generate',
      body: { input_ids: prompt, return_logprob: true, logprob_start_len: 1, top_logprobs_num: 2 },
    });
  });

  it('asks nothing for rows without a scored token, and keeps the order of the others', async () => {
    const echo = (body: Record<string, unknown>) => {
      const ids = body.prompt as number[];
      const entry = (id: number) => ({ [id]: { logprob: -id, rank: 1, decoded_token: null } });
      return { choices: [{ prompt_logprobs: ids.map((id, index) => (index === 0 ? null : entry(id))) }] };
    };
    const { teacher, requests } = teacherOf([echo], { topK: 0, concurrency: 2 });
    const rows = [3, 1, 4, 1, 5].map((id) => ({ tokenIds: [2, id], mask: [0, 1] }));
    const scores = await teacher.score([...rows, { tokenIds: [1, 2], mask: [1, 0] }, { tokenIds: [], mask: [] }]);
    expect(scores.map(({ logProbs }) => Array.from(logProbs))).toEqual([[-3], [-1], [-4], [-1], [-5], [], []]);
    expect(requests).toHaveLength(5);
  });

  it.each([
    ['no log-probability', { '9': { logprob: null } }, /no log-probability at index 1/],
    ['one above 0', { '9': { logprob: 0.5 }, '4': { logprob: -2 } }, /is 0\.5, above 0/],
    ['a stand-in for NaN', { '9': { logprob: -9999 }, '4': { logprob: -2 } }, /-9999.*-Infinity and NaN/],
    ['a text', { '9': { logprob: '-1' } }, /"-1" for a log-probability/],
    ['too few alternatives', { '9': { logprob: -0.25 } }, /1 different alternatives at index 1 of 2/],
    ['probabilities above 1', { '9': { logprob: -0.25 }, '4': { logprob: -0.5 } }, /sum to 1\.38/],
    ['a key that is no id', { capital: { logprob: -0.25 } }, /"capital" for a token id/],
    ['null', null, /did not score the token at index 1/],
  ])('refuses a place with %s', async (_name, place, message) => {
    const { teacher } = teacherOf([withPlace(1, place)]);
    await expect(teacher.score([all])).rejects.toThrow(message);
  });

  it('lets rounding pass, and does not look at places that are not scored', async () => {
    const place = { '9': { logprob: 1e-5 }, '4': { logprob: -30 } };
    const { teacher } = teacherOf([withPlace(1, place)]);
    expect(Array.from((await teacher.score([all]))[0]?.logProbs ?? [])[0]).toBe(0);
    const broken = teacherOf([withPlace(2, { '2': { logprob: null } })]);
    const [scores] = await broken.teacher.score([{ tokenIds: prompt, mask: [0, 1, 0, 1] }]);
    expect(Array.from(scores?.logProbs ?? [])).toEqual([-0.25, -1]);
  });

  it('refuses NaN and Infinity, which are no JSON, after its attempts', async () => {
    const text = JSON.stringify(vllmAnswer).replace('-0.25', 'NaN');
    const { teacher, waits } = teacherOf([text], { retries: 1 });
    await expect(teacher.score([all])).rejects.toThrow(/2 attempts \(the answer is not JSON/);
    expect(waits).toHaveLength(1);
    const { meta_info: meta } = sglangAnswer;
    const huge = JSON.stringify({ meta_info: meta }).replaceAll('-7.5', '-1e999');
    await expect(teacherOf([huge], { api: 'sglang' }).teacher.score([all])).rejects.toThrow(
      /of 2 at index 2 is -Infinity/,
    );
  });

  it('refuses ids beyond the vocabulary, in rows and in answers', async () => {
    const { teacher, requests } = teacherOf([vllmAnswer], { vocabularySize: 9 });
    await expect(teacher.score([all])).rejects.toThrow(/9 at index 1 is no token id of a vocabulary of 9/);
    expect(requests).toEqual([]);
    const foreign = withPlace(2, { '2': { logprob: -7 }, '40': { logprob: -0.5 }, '1': { logprob: -1.5 } });
    await expect(teacherOf([foreign], { vocabularySize: 10 }).teacher.score([all])).rejects.toThrow(
      /finds 40 likely at index 2.*vocabulary of 10/,
    );
    for (const row of [
      { tokenIds: [1, 2], mask: [0] },
      { tokenIds: [1, -1], mask: [0, 1] },
      { tokenIds: [1, 0.5], mask: [0, 1] },
    ]) {
      await expect(teacher.score([row])).rejects.toMatchObject({ code: 'CONFIG_ERROR' });
    }
  });

  it('refuses tokens by their text, whose ids nobody can check', async () => {
    const [choice] = openaiAnswer.choices;
    const named = {
      choices: [{ ...choice, logprobs: { ...choice?.logprobs, tokens: ['The', ' capital', ' of', ' Peru', ' the'] } }],
    };
    await expect(teacherOf([named], { api: 'openai' }).teacher.score([all])).rejects.toThrow(
      /names tokens by their text \("The".*return_tokens_as_token_ids/,
    );
  });

  it('tries again after network errors, 408, 429 and 5xx, and waits as long as it is told', async () => {
    const refused = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    const busy = new Response('busy', { status: 429, headers: { 'Retry-After': '7' } });
    const later = new Response('', { status: 503, headers: { 'Retry-After': '9999' } });
    const script = [refused, busy, later, new Response('', { status: 408 }), '{"choices": [', vllmAnswer];
    const { teacher, waits } = teacherOf(script, { backoff: 100, maxDelay: 60_000 });
    expect(Array.from((await teacher.score([all]))[0]?.logProbs ?? [])).toEqual([-0.25, -7.5, -1]);
    expect(waits).toHaveLength(5);
    expect(waits[1]).toBe(7000);
    expect(waits[2]).toBe(60_000);
    for (const place of [0, 3, 4]) {
      expect(waits[place]).toBeGreaterThanOrEqual(50 * 2 ** place);
      expect(waits[place]).toBeLessThanOrEqual(100 * 2 ** place);
    }
  });

  it('gives up after its retries, with the URL and the last failure', async () => {
    const { teacher, requests } = teacherOf([new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })], {
      retries: 2,
    });
    await expect(teacher.score([all])).rejects.toThrow(
      /^http:\/\/teacher\.test:8000: no answer after 3 attempts \(ECONNREFUSED\); is a server running/,
    );
    expect(requests).toHaveLength(3);
  });

  it('does not repeat a request that the server refuses', async () => {
    const refusal = () => Response.json({ error: { message: 'at most 20 logprobs' } }, { status: 400 });
    const { teacher, waits } = teacherOf([refusal()]);
    await expect(teacher.score([all])).rejects.toThrow(/refused the request \(status 400: at most 20 logprobs\)$/);
    expect(waits).toEqual([]);
  });

  it('never shows the key, even when the server repeats it', async () => {
    const environment = { TEACHER_KEY: 's3cret' };
    const refusal = new Response('wrong key s3cret', { status: 401 });
    const { teacher, requests } = teacherOf([refusal], { apiKeyVariable: 'TEACHER_KEY', environment });
    const error = (await teacher.score([all]).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toMatch(/status 401: wrong key \*\*\*/);
    expect(JSON.stringify([error, error.cause, Object.entries(teacher)])).not.toContain('s3cret');
    expect(requests[0]?.headers.Authorization).toBe('Bearer s3cret');
    expect(() => teacherOf([], { apiKeyVariable: 'TEACHER_KEY', environment: {} })).toThrow(/TEACHER_KEY is not set/);
  });

  it('refuses bodies that are too large, both ways', async () => {
    await expect(teacherOf([vllmAnswer], { maxBodyBytes: 400 }).teacher.score([all])).rejects.toThrow(
      /the answer is too large: it is larger than maxBodyBytes \(400\)/,
    );
    const { teacher, requests } = teacherOf([vllmAnswer], { maxBodyBytes: 50 });
    await expect(teacher.score([all])).rejects.toThrow(/the request is larger than maxBodyBytes/);
    expect(requests).toEqual([]);
  });

  it('does not wait for a server that hangs longer than its timeout, and tries again after a body that is cut off', async () => {
    const body = JSON.stringify(vllmAnswer);
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'Content-Length': body.length });
      if (asked === 1) response.write(body.slice(0, 99), () => response.destroy());
      else if (asked === 2) response.write(body.slice(0, 99));
      else response.end(body);
    });
    const { url, close } = await listening(server);
    try {
      const teacher = createServerTeacher({ url, model: 'teacher', topK: 2, timeout: 300, backoff: 1 });
      expect(Array.from((await teacher.score([all]))[0]?.logProbs ?? [])).toEqual([-0.25, -7.5, -1]);
      expect(asked).toBe(3);
    } finally {
      await close();
    }
  });

  it('ends with the deadline, and with the reason of either signal', async () => {
    const { url, close } = await listening(createServer(() => undefined));
    try {
      const base = { url, model: 'teacher' };
      await expect(createServerTeacher({ ...base, deadline: 40 }).score([all, all])).rejects.toThrow(
        /no answer within the deadline of 40 ms/,
      );
      const gone = AbortSignal.abort(new Error('enough'));
      await expect(createServerTeacher({ ...base, signal: gone }).score([all])).rejects.toThrow('enough');
      const controller = new AbortController();
      const during = createServerTeacher(base).score([all], { signal: controller.signal });
      controller.abort(new Error('stop now'));
      await expect(during).rejects.toThrow('stop now');
      const slow = createServerTeacher({ ...base, timeout: 20, retries: 1, backoff: 1 });
      await expect(slow.score([all])).rejects.toThrow(/2 attempts \(no answer within 20 ms\)/);
    } finally {
      await close();
    }
  });

  it('does not follow redirects, which could carry the key elsewhere', async () => {
    let elsewhere = 0;
    const server = createServer((request, response) => {
      if (request.url === '/other') elsewhere += 1;
      response.writeHead(307, { Location: '/other' }).end();
    });
    const { url, close } = await listening(server);
    try {
      await expect(createServerTeacher({ url, model: 'teacher', retries: 0 }).score([all])).rejects.toThrow(/redirect/);
      expect(elsewhere).toBe(0);
    } finally {
      await close();
    }
  });

  it('has no more requests on the way than concurrency allows', async () => {
    let now = 0;
    let most = 0;
    const server = createServer((request, response) => {
      now += 1;
      most = Math.max(most, now);
      request.resume().on('end', () => {
        setImmediate(() => {
          now -= 1;
          response.end(JSON.stringify(vllmAnswer));
        });
      });
    });
    const { url, close } = await listening(server);
    try {
      const teacher = createServerTeacher({ url, model: 'teacher', topK: 2, concurrency: 3 });
      expect(await teacher.score(Array.from({ length: 12 }, () => all))).toHaveLength(12);
      expect(most).toBeLessThanOrEqual(3);
    } finally {
      await close();
    }
  });

  it.each([
    { url: 'localhost' },
    { url: 'ftp://host' },
    { url: 'http://user:pass@host' },
    { url: 'http://host?key=1' },
    { model: ' ' },
    { topK: -1 },
    { topK: 1.5 },
    { api: 'triton' as ServerApi },
    { retries: -1 },
    { concurrency: 0 },
    { deadline: 0 },
    { apiKey: 'a', apiKeyVariable: 'B' },
  ])('refuses %j', (options) => {
    expect(() => teacherOf([vllmAnswer], options)).toThrow(expect.objectContaining({ code: 'CONFIG_ERROR' }));
  });
});
