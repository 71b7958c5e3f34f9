import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TextGenerator } from '@dgpo/distill/agent';
import { ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openTinyWorld, type TinyWorld, tasks, withPool } from '../../test/tiny-world.js';
import { readCollected } from './collect-episodes.js';
import { collectServerThoughts } from './collect-server-thoughts.js';
import type { ServerTeacher } from './server-teacher.js';

let world: TinyWorld;
let root: string;
beforeAll(async () => {
  world = await openTinyWorld();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-server-thoughts-'));
  return () => rmSync(root, { recursive: true });
});
afterAll(() => world.close());

const asked: string[] = [];
const refuse = () => Promise.reject(new Error('not asked for'));
const teacherWith = (generate: TextGenerator): ServerTeacher => ({
  ...{ kind: 'server', key: 'key', name: 'far', scoreRows: refuse, play: refuse },
  generate: (request) => {
    asked.push(request.messages[0]?.content ?? '');
    return generate(request);
  },
});

const timeout = () => Promise.reject(new ModelError('no answer within 120000 ms', { where: 'http://127.0.0.1:9' }));

const collect = (teacher: ServerTeacher, samplesPerTask = 1) =>
  withPool(world, 0, async (pool) => {
    const { retriever: _, ...playground } = world.playground(pool);
    const path = join(root, 'collected.jsonl');
    const environment = { kind: 'chain-of-thought', maxTokensPerTurn: 60, maxContextTokens: 400 } as const;
    const settings = { ...playground, environment: { ...environment, promptTemplate: '{question}\n' } };
    await collectServerThoughts({
      ...{ path, directory: root, playground: settings, teacher, tasks: tasks.slice(0, 3), samplesPerTask },
      ...{ temperature: 0, seed: 1 },
    });
    const episodes = [];
    for await (const episode of readCollected(path)) episodes.push(episode);
    return episodes;
  });

it('what a server says becomes episodes in the tokens of the student', async () => {
  const answers = ['Red, I think.\n\n<answer>red</answer> I hope.', '<answer>pink</answer>', `${'so '.repeat(300)}`];
  const teacher = teacherWith(async ({ messages }) => {
    const index = Number(/flag (\d)/.exec(messages[0]?.content ?? '')?.[1]);
    return { text: answers[index] ?? '', finishReason: 'stop' };
  });
  const episodes = await collect(teacher);
  // The third would not fit into a turn of the student.
  expect(episodes.map(({ id, policy, outcome }) => [id, policy, outcome.correct])).toEqual([
    ['q0#0', 'far', true],
    ['q1#0', 'far', false],
  ]);
  const [first] = episodes;
  expect(first?.segments.map(({ text }) => text)).toEqual([
    'Which colour has flag 0?\n',
    'Red, I think.\n\n<answer>red</answer>',
  ]);
  for (const { text, tokenIds = [] } of first?.segments ?? []) expect(world.tokenizer.decode(tokenIds)).toBe(text);
});

it('a server that times out ends the run with its reason; what it said before is not asked for again', async () => {
  asked.length = 0;
  let healthy = true;
  const teacher = teacherWith(async (request) => {
    if (!healthy) return timeout();
    healthy = request.messages[0]?.content.includes('flag 0') !== true;
    return { text: '<answer>red</answer>', finishReason: 'stop' };
  });
  // Two of three questions fail, fewer than end a run.
  expect((await collect(teacher)).map(({ id }) => id)).toContain('q0#0');
  asked.length = 0;
  healthy = true;
  const episodes = await collect(
    teacherWith(async () => ({ text: '<answer>red</answer>', finishReason: 'stop' })),
    2,
  );
  expect(asked.some((content) => content.includes('flag 0'))).toBe(true);
  expect(episodes.map(({ id }) => id)).toEqual(['q0#0', 'q0#1', 'q1#0', 'q1#1', 'q2#0', 'q2#1']);
  expect(asked.filter((content) => content.includes('flag 0'))).toHaveLength(1);
});

it('five failures in a row are an error', async () => {
  await expect(
    withPool(world, 0, async (pool) => {
      const { retriever: _, ...playground } = world.playground(pool);
      await collectServerThoughts({
        ...{ path: join(root, 'x.jsonl'), directory: root, teacher: teacherWith(timeout), tasks, samplesPerTask: 1 },
        playground: {
          ...playground,
          environment: { kind: 'chain-of-thought', maxTokensPerTurn: 60, maxContextTokens: 400 },
        },
        ...{ temperature: 0, seed: 1 },
      });
    }),
  ).rejects.toThrow(/5 questions in a row failed, the last one with: .*no answer within 120000 ms/);
});
