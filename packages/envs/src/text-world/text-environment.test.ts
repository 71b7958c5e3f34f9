import { ConfigError, type Trajectory } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type CorridorState, corridorTask, corridorWorld } from '../__fixtures__/corridor-world.js';
import type { ActionFormatName } from '../actions/action-format.js';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { EpisodeTokenizer } from '../policy.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { checkEnvironment } from '../testing/check-environment.js';
import { createTextEnvironment, type TextEnvironmentOptions } from './text-environment.js';

const tokenizer = createByteTokenizer();
const formats: ActionFormatName[] = ['react', 'stateact', 'tags', 'json', 'tool-calls'];
type Options = Partial<TextEnvironmentOptions<CorridorState>> & { tokenizer?: EpisodeTokenizer };

/** Plays one episode in which the policy writes these texts, one per turn. */
async function play(turns: readonly string[], options: Options = {}): Promise<Trajectory> {
  const { tokenizer: own, ...rest } = options;
  const environment = createTextEnvironment({ world: corridorWorld, ...rest });
  const script = ({ turn }: { turn: number }) => turns[turn] ?? 'Action: wait';
  const policy = createScriptedPolicy({ script, ...(own === undefined ? {} : { tokenizer: own }) });
  const [trajectory] = await runEpisodes({ environment, policy, tasks: [corridorTask(1)], seed: 0 });
  if (trajectory === undefined) throw new Error('no trajectory');
  return trajectory;
}

const written = ({ segments }: Trajectory) => segments.slice(1).map(({ text }) => text);

describe('an episode by hand', () => {
  const turns = ['Thought: The key.\nAction: go left', 'Action: take key', 'Action: go right', 'Action: leave'];

  test('reads as a dialogue of thoughts, actions and observations', async () => {
    const trajectory = await play(turns);
    expect(written(trajectory)).toEqual([
      'Thought: The key.\nAction: go left',
      '\nObservation: You are at place 0.\n',
      'Action: take key',
      '\nObservation: You have the key.\n',
      'Action: go right',
      '\nObservation: You are at place 1.\n',
      'Action: leave',
    ]);
    expect(trajectory).toMatchObject({ environment: 'corridor', policy: 'scripted', id: 'corridor-1#0' });
    expect(trajectory.actions).toEqual(
      ['go left', 'take key', 'go right', 'leave'].map((command, turn) => ({
        turn,
        kind: 'command',
        command,
        text: turns[turn],
        executed: true,
      })),
    );
    expect(trajectory.outcome).toEqual({ correct: true, reward: 1, answer: null, endedBy: 'answer' });
  });

  test('the label of the observation is written once, by whom it may be', async () => {
    const trajectory = await play(['Action: go left\nObservation: You have won.', 'Action: take key']);
    expect(written(trajectory).slice(0, 2)).toEqual(['Action: go left\nObservation:', ' You are at place 0.\n']);
  });

  test('the blank before an observation is encoded with its first word', async () => {
    const encoded: string[] = [];
    const recording: EpisodeTokenizer = {
      ...tokenizer,
      encode(text, options) {
        encoded.push(text);
        return tokenizer.encode(text, options);
      },
    };
    await play(['Action: go left'], { tokenizer: recording });
    expect(encoded).toContain(' You are at place 0.');
  });

  test('the prompt holds instructions, form and first observation, and the tokens of each text', async () => {
    const { segments } = await play(turns);
    const [prompt] = segments;
    expect(prompt?.text).toMatch(
      /^You are in a corridor\.[\s\S]*Action:[\s\S]*place 1\. Your task is to leave the corridor\.\n$/,
    );
    for (const { text, tokenIds } of segments) expect(tokenizer.decode(tokenIds ?? [])).toBe(text);
  });

  test('reward and correctness are the world’s', async () => {
    const trajectory = await play(['Action: leave']);
    expect(trajectory.outcome).toEqual({ correct: false, reward: 0.25, answer: null, endedBy: 'answer' });
  });

  test('a command that cannot be carried out counts and is answered by the world', async () => {
    const trajectory = await play(['Action: take key', ...turns]);
    expect(trajectory.actions[0]).toMatchObject({ kind: 'command', command: 'take key', executed: false });
    expect(written(trajectory)[1]).toBe('\nObservation: Nothing happens.\n');
    expect(trajectory.outcome.correct).toBe(true);
  });

  test('a turn without a command counts, is answered by a message and leaves the world as it is', async () => {
    const trajectory = await play(['I wonder.', ...turns], { maxTurns: 5, invalidActionMessage: '\nNo action.\n' });
    expect(trajectory.actions[0]).toEqual({ turn: 0, kind: 'invalid', text: 'I wonder.', executed: false });
    expect(written(trajectory)[1]).toBe('\nNo action.\n');
    expect(trajectory.outcome.correct).toBe(true);
    const own = await play(['I wonder.']);
    expect(written(own)[1]).toBe('\nThis turn had no action. Write a line "Action: command".\n');
  });

  test.each([
    ['commands', 'Action: go left'],
    ['turns without one', 'hm'],
  ])('the limit of turns ends it for nothing: %s', async (_, text) => {
    const trajectory = await play(Array<string>(9).fill(text), { maxTurns: 3 });
    expect(trajectory.actions).toHaveLength(3);
    expect(trajectory.segments.at(-1)?.kind).toBe('policy');
    expect(trajectory.outcome).toEqual({ correct: false, reward: 0, answer: null, endedBy: 'turns' });
  });

  test('what the last turn reaches counts', async () => {
    expect((await play(turns, { maxTurns: 4 })).outcome.correct).toBe(true);
    expect((await play(turns, { maxTurns: 3 })).outcome.endedBy).toBe('turns');
  });
});

describe('limits of tokens', () => {
  test('an observation is cut to its room and keeps what stands around it', async () => {
    const trajectory = await play(['Action: go left'], { maxObservationTokens: 20 });
    expect(written(trajectory)[1]).toBe('\nObservation: You a\n');
  });

  test('an episode whose context is full ends as length', async () => {
    const { segments } = await play([]);
    const prompt = segments[0]?.tokenIds?.length ?? 0;
    const outcome = { correct: false, reward: 0, answer: null, endedBy: 'length' };
    expect((await play(['Action: go left'], { maxContextTokens: prompt })).outcome).toEqual(outcome);
    const tight = await play(['Action: go left'], { maxContextTokens: prompt + 40, maxTokensPerTurn: 30 });
    expect(tight.outcome).toEqual(outcome);
    expect(tight.segments).toHaveLength(2);
    const smaller = { ...tokenizer, maxContextTokens: prompt };
    expect((await play(['Action: go left'], { tokenizer: smaller })).outcome).toEqual(outcome);
  });

  test.each([
    ['maxTurns', { maxTurns: 0 }],
    ['maxTokensPerTurn', { maxTokensPerTurn: 0.5 }],
    ['maxContextTokens', { maxContextTokens: 0 }],
    ['maxObservationTokens', { maxObservationTokens: 0 }],
    ['promptTemplate', { promptTemplate: 'Play!' }],
    ['format', { format: 'yaml' as ActionFormatName }],
  ])('%s out of range is refused', (where, options) => {
    expect(() => createTextEnvironment({ world: corridorWorld, ...options })).toThrow(ConfigError);
    expect(() => createTextEnvironment({ world: corridorWorld, ...options })).toThrow(where);
  });

  test('an observation needs room for what stands around it', async () => {
    await expect(play([], { maxObservationTokens: 5 })).rejects.toThrow(/maxObservationTokens.*too small/);
  });
});

describe('prompts', () => {
  const promptOf = async (options: Options, task = corridorTask(1)) => {
    const environment = createTextEnvironment({ world: corridorWorld, ...options });
    return environment.start({ task, tokenizer: options.tokenizer ?? tokenizer }).segments[0];
  };

  test('take a template of text or a function', async () => {
    const text = await promptOf({ promptTemplate: 'Goal: {question}. {observation}' });
    expect(text?.text).toBe('Goal: leave the corridor. You are at place 1. Your task is to leave the corridor.');
    const made = await promptOf({ promptTemplate: ({ observation, task }) => `${task.id}|${observation}` });
    expect(made?.text).toBe('corridor-1|You are at place 1. Your task is to leave the corridor.');
  });

  test('go through the chat template of the policy, and a rendered prompt stays as it is', async () => {
    const chat: EpisodeTokenizer = {
      ...tokenizer,
      renderChat: (messages) => messages.map(({ role, content }) => `[${role}]${content}`).join(''),
    };
    const options: Options = { tokenizer: chat, promptTemplate: '{observation}' };
    expect((await promptOf(options))?.text).toMatch(/^\[user\]You are at place 1/);
    const prompt = [{ role: 'system', content: 'Walk.' }];
    expect((await promptOf(options, { ...corridorTask(1), prompt }))?.text).toBe('[system]Walk.');
  });

  test('tags of the world stay text, in the prompt and in observations', async () => {
    const tagged = '<answer>x</answer>';
    const world = {
      ...corridorWorld,
      start: (task: Parameters<typeof corridorWorld.start>[0]) => ({
        ...corridorWorld.start(task),
        observation: tagged,
      }),
      step: (state: CorridorState, command: string) => ({ ...corridorWorld.step(state, command), observation: tagged }),
    };
    const { segments } = await play(['<action>go left</action>'], { world, format: 'tags' });
    const special = ({ tokenIds = [] }: (typeof segments)[number]) => tokenIds.filter((id) => id >= 256);
    const [prompt, , observation] = segments;
    expect(prompt && special(prompt)).toEqual(tokenizer.encode('<think></think>', { allowSpecial: true }));
    expect(observation?.text).toContain(tagged);
    expect(observation && special(observation)).toEqual([]);
  });
});

describe('every format', () => {
  test.each(formats)('%s: the environment keeps the contract, and its oracle solves the world', async (format) => {
    const environment = createTextEnvironment({ world: corridorWorld, format, maxTurns: 20 });
    const vocabulary = [
      'Action: ',
      'action: ',
      '<action>',
      '</action>',
      '{"tool": "act", "arguments": {"command": "',
      '"}}',
    ];
    const commands = ['go left', 'go right', 'take key', 'leave', '\n', 'Observation:', '<tool_call>', '</tool_call>'];
    const tasks = [corridorTask(1), corridorTask(4)];
    await checkEnvironment({ environment, tasks, vocabulary: [...vocabulary, ...commands] });
  });

  test.each([
    ['react', 'Thought: key\nAction: go left\nObservation:'],
    ['stateact', 'goal: out\nplace: 1\nthought: key\naction: go left\nobservation:'],
    ['tags', '<think>key</think><action>go left</action>'],
    ['json', '{"thought": "key", "tool": "act", "arguments": {"command": "go left"}}\nObservation:'],
    [
      'tool-calls',
      '<think>\nkey\n</think>\n<tool_call>\n{"name": "act", "arguments": {"command": "go left"}}\n</tool_call>',
    ],
  ] as const)('%s: the oracle writes what the environment is told to annotate', (format, text) => {
    const environment = createTextEnvironment({
      world: corridorWorld,
      format,
      annotate: ({ world }) => ({
        thought: 'key',
        goal: 'out',
        state: { place: String((world as CorridorState).place) },
      }),
    });
    expect(environment.oracle?.(environment.start({ task: corridorTask(1), tokenizer }))).toBe(text);
  });
});

test('a world that fails ends the episode as error', async () => {
  const step = (): never => {
    throw new Error('the floor gave way');
  };
  const trajectory = await play(['Action: go left'], { world: { ...corridorWorld, step } });
  expect(trajectory.outcome).toMatchObject({ correct: false, endedBy: 'error', error: 'corridor: the floor gave way' });
  expect(trajectory.actions).toMatchObject([{ kind: 'command', executed: false }]);
});

test('a state of another environment and an aborted signal are refused', async () => {
  const environment = createTextEnvironment({ world: corridorWorld });
  const { world: _, ...state } = environment.start({ task: corridorTask(1), tokenizer });
  const turns = [{ state, completion: { tokenIds: [], logProbs: [], text: '', finishReason: 'end' as const } }];
  await expect(environment.step({ turns, tokenizer })).rejects.toThrow(/another environment than corridor/);
  await expect(environment.step({ turns: [], tokenizer, signal: AbortSignal.abort() })).rejects.toThrow();
});

property.prop([fc.array(fc.constantFrom('go left', 'go right', 'take key', 'leave', 'dance'), { maxLength: 12 })])(
  'an episode can be stored at any turn and goes on the same',
  async (commands) => {
    const environment = createTextEnvironment({ world: corridorWorld, maxTurns: 10 });
    let live = environment.start({ task: corridorTask(2), tokenizer });
    let stored = live;
    for (const command of commands) {
      if (live.outcome !== null) break;
      const text = `Action: ${command}`;
      const tokenIds = tokenizer.encode(text);
      const completion = { tokenIds, logProbs: tokenIds.map(() => 0), text, finishReason: 'end' as const };
      const [next] = await environment.step({ turns: [{ state: live, completion }], tokenizer });
      const [again] = await environment.step({ turns: [{ state: stored, completion }], tokenizer });
      expect(again).toEqual(next);
      live = next ?? live;
      stored = JSON.parse(JSON.stringify(live));
    }
  },
);
