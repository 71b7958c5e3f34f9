import type { TextWorld } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import picocolors from 'picocolors';
import { beforeAll, describe, expect, it } from 'vitest';
import { openPlayable, playableNames } from './open-playable.js';
import { openTextWorld } from './open-text-world.js';
import { type PlayEvent, playEpisode } from './play-episode.js';
import type { Playable } from './playable.js';
import { readLines } from './read-lines.js';
import { createPlayRenderer } from './render-play.js';

type Lamp = { isOn: boolean };

/** A dark room with a lamp. */
const lamp: TextWorld<Lamp> = {
  name: 'lamp',
  instructions: 'Light the lamp: switch.',
  start: () => ({ state: { isOn: false }, observation: 'It is dark.' }),
  step: (state, command) => {
    if (command === 'break') throw new Error('the lamp fell');
    if (command !== 'switch') return { state, observation: 'Nothing happens.', executed: false, result: null };
    return { state: { isOn: true }, observation: 'Light!', executed: true, result: { correct: true, reward: 1 } };
  },
  admissibleCommands: () => ['switch'],
  expert: () => 'switch',
};
const room: Task = { id: 'room', question: 'light the lamp', goldenAnswers: [] };
const playable = openTextWorld({ world: lamp, tasks: [room], maxTurns: 2 });

async function* from(...chunks: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* chunks;
}

async function play(lines: string[], options: { playable?: Playable; task?: Task; echo?: boolean } = {}) {
  const { echo = true, ...played } = options;
  const signal = new AbortController().signal;
  const typed = readLines(from(`${lines.join('\n')}\n`), signal);
  const render = createPlayRenderer({ colors: picocolors.createColors(false), echo });
  const events: PlayEvent[] = [];
  for await (const event of playEpisode({ playable, task: room, lines: typed, signal, ...played })) events.push(event);
  return { text: events.map(render).join(''), events };
}

const opening =
  "Light the lamp: switch.\n\nIt is dark.\n\n2 turns; ? lists what you can do, ! tells the expert's next move, q leaves\n\n";

describe('playEpisode', () => {
  it('answers commands, lists them, and tells the expert’s next move', async () => {
    const { text, events } = await play(['?', '!', '', 'sing', 'switch']);
    expect(text).toBe(
      `${opening}> ?\nswitch\n> !\nswitch\n> \n> sing\nNothing happens.\n1 turn left\n> switch\nsolved: reward 1 after 2 turns\n`,
    );
    expect(events.filter(({ type }) => type !== 'wait' && type !== 'line')).toEqual([
      { type: 'start', task: 'room', text: 'Light the lamp: switch.\n\nIt is dark.', turns: 2 },
      { type: 'admissible', commands: ['switch'] },
      { type: 'expert', command: 'switch' },
      { type: 'observation', text: 'Nothing happens.', turnsLeft: 1 },
      { type: 'end', turns: 2, outcome: { correct: true, reward: 1, answer: null, endedBy: 'answer' } },
    ]);
  });

  it('takes a command in whichever case', async () => {
    expect((await play(['Switch'])).text).toBe(`${opening}> Switch\nsolved: reward 1 after 1 turn\n`);
  });

  it('repeats no line that a terminal shows', async () => {
    expect((await play(['switch'], { echo: false })).text).toBe(`${opening}> solved: reward 1 after 1 turn\n`);
  });

  it('ends with the turns, with q and with the input', async () => {
    expect((await play(['a', 'b', 'switch'])).text).toMatch(/> b\nno turns left: reward 0 after 2 turns\n$/);
    expect((await play(['a', 'q', 'switch'])).text).toMatch(/> q\nleft after 1 turn\n$/);
    expect((await play(['a'])).text).toMatch(/> a\nNothing happens\.\n1 turn left\n> \nleft after 1 turn\n$/);
  });

  it('takes a command of several lines', async () => {
    const several = { ...playable, isWhole: (lines: readonly string[]) => lines.at(-1) === '' };
    const { text, events } = await play([' sw', '  itch ', '', '!', 'switch', 'q', ''], { playable: several });
    expect(text).toBe(
      `${opening}> sw\n.   itch\n. \nNothing happens.\n1 turn left\n> !\nswitch\n> switch\n. q\n. \nsolved: reward 1 after 2 turns\n`,
    );
    expect(events.filter(({ type }) => type === 'line')).toContainEqual({ type: 'line', text: '  itch' });
  });

  it('carries out at the end of the input what is begun, unless it is interrupted', async () => {
    const several = { ...playable, isWhole: (lines: readonly string[]) => lines.at(-1) === '' };
    expect((await play(['sing'], { playable: several })).text).toBe(
      `${opening}> sing\n. \nNothing happens.\n1 turn left\nleft after 1 turn\n`,
    );
    expect((await play(['switch'], { playable: several })).text).toMatch(/\. \nsolved: reward 1 after 1 turn\n$/);
    const controller = new AbortController();
    async function* typed(): AsyncGenerator<string> {
      yield 'switch';
      controller.abort();
    }
    const { signal } = controller;
    const types: string[] = [];
    const leave = async () => {
      const episode = playEpisode({ playable: several, task: room, lines: typed(), signal });
      for await (const { type } of episode) types.push(type);
    };
    await expect(leave()).rejects.toMatchObject({ name: 'AbortError' });
    expect(types).toEqual(['start', 'wait', 'line', 'wait']);
  });

  it('fails when the environment does', async () => {
    await expect(play(['break'])).rejects.toMatchObject({
      code: 'ENVIRONMENT_ERROR',
      message: expect.stringMatching(/the lamp fell/),
    });
  });
});

describe('readLines', () => {
  const signal = new AbortController().signal;

  it('joins what comes in pieces, and takes every end of a line', async () => {
    const bytes = new TextEncoder().encode('größe\r\nlast');
    const lines: string[] = [];
    for await (const line of readLines(from('a', 'b\nc\n', bytes.slice(0, 3), bytes.slice(3)), signal))
      lines.push(line);
    expect(lines).toEqual(['ab', 'c', 'größe', 'last']);
  });

  it('ends when it is aborted, also while nothing comes', async () => {
    const aborter = new AbortController();
    async function* silent(): AsyncGenerator<string> {
      yield 'first\n';
      await new Promise((resolve) => aborter.signal.addEventListener('abort', resolve));
    }
    const lines: string[] = [];
    for await (const line of readLines(silent(), aborter.signal)) {
      lines.push(line);
      aborter.abort();
    }
    expect(lines).toEqual(['first']);
  });
});

describe('search', () => {
  let search: Playable;
  beforeAll(async () => {
    search = await openPlayable('search', { seed: 1 });
  }, 60_000);

  it('is played by the expert to reward 1, whatever else was looked up', async () => {
    expect(search.tasks).toHaveLength(100);
    expect((await openPlayable('search', { seed: 2 })).tasks).not.toEqual(search.tasks);
    for (const task of search.tasks.slice(0, 8)) {
      let move = '';
      const lines = async function* (): AsyncGenerator<string> {
        yield 'search[capital of Peru]';
        for (;;) {
          yield '!';
          yield move;
        }
      };
      const signal = new AbortController().signal;
      for await (const event of playEpisode({ playable: search, task, lines: lines(), signal })) {
        if (event.type === 'expert') move = event.command;
        if (event.type === 'end') expect(event.outcome).toMatchObject({ correct: true, reward: 1 });
      }
    }
  });

  it('lists what can be opened, each title once, and opens all that is known of it', async () => {
    const task = search.tasks[0] as Task;
    const { text } = await play(['search[capital of Peru]', '?', 'open[peru]'], { playable: search, task });
    expect(text).toContain('> ?\nanswer[…]\nopen[Peru]\nsearch[…]\n');
    expect(text).toMatch(/> open\[peru\]\n1\. Peru: [^>]*currency of Peru[^>]*\n> /);
  });

  it('opens by the number that is shown', async () => {
    const task = search.tasks[0] as Task;
    const { text } = await play(['open[1]', 'search[capital of Peru]', 'open[ 3 ]', 'open[4]'], {
      playable: search,
      task,
    });
    expect(text).toMatch(/> open\[ 3 \]\n1\. Peru: [^>]*currency of Peru[^>]*\n> /);
    for (const number of [1, 4]) {
      expect(text).toContain(`> open[${number}]\nThere is no document "${number}" among the last results.\n`);
    }
  });

  it('has a last turn for the answer alone', async () => {
    const task = search.tasks[0] as Task;
    const answer = `answer[${task.goldenAnswers[0]}]`;
    const lost = Array.from({ length: 10 }, () => 'x');
    const { text } = await play([...lost, '?', '!', answer], { playable: search, task });
    expect(text).toContain('\n11 turns; ? lists');
    expect(text).toMatch(/\n1 turn left\n> \?\nanswer\[…\]\n> !\n/);
    expect(text).toContain(`> !\n${answer}\n> ${answer}\nsolved: reward 1 after 11 turns\n`);
  });
});

it('webshop says what it does not understand, does not repeat its page, and lists searches', async () => {
  const shop = await openPlayable('webshop', { seed: 0 });
  const [task] = shop.tasks;
  const { text } = await play(['buy', 'click[nothing]', '?', 'search[card]', '?'], {
    playable: shop,
    task: task as Task,
  });
  const refused = 'That is no command here; ? lists what there is, q leaves.';
  expect(text).toContain('\n15 turns; ? lists what you can do');
  expect(text).toContain(`> buy\n${refused}\n14 turns left\n> click[nothing]\n${refused}\n13 turns left\n> ?\n`);
  expect(text).toContain('> ?\nsearch[…]\n> search[card]\nInstruction:');
  expect(text).toMatch(/\n12 turns left\n> \?\nclick\[[\s\S]*\nclick\[next >\]\nsearch\[…\]\n/);
}, 60_000);

it('code is played by the expert to reward 1, beside searches and mistakes of a person', async () => {
  const code = await openPlayable('code', { seed: 1 });
  try {
    expect(code.tasks).toHaveLength(100);
    // Of two hops.
    const task = code.tasks[1] as Task;
    const typed: string[] = [];
    async function* lines(): AsyncGenerator<string> {
      yield* ['?', 'search area of Peru', 'for word in ("a", "b"):', '  print(word)', '', 'x', ''];
      for (;;) {
        yield '!';
        yield* [...(typed.at(-1) ?? '').split('\n'), ''];
      }
    }
    const signal = new AbortController().signal;
    const observations: string[] = [];
    for await (const event of playEpisode({ playable: code, task, lines: lines(), signal })) {
      if (event.type === 'admissible') expect(event.commands).toEqual(['search …', 'print(…)', 'final_answer(…)']);
      if (event.type === 'expert') typed.push(event.command);
      if (event.type === 'observation') observations.push(event.text);
      if (event.type === 'end') expect(event.outcome).toMatchObject({ correct: true, reward: 1 });
    }
    expect(observations[0]).toMatch(/^Printed:\n.*\b1285 thousand km2/);
    expect(observations[1]).toBe('Printed:\na\nb');
    expect(observations[2]).toMatch(/^Error:\nNameError/);
    expect(typed[0]).toMatch(/^print\(search\("/);
    expect(typed.at(-1)).toMatch(/^final_answer\(/);
  } finally {
    await code.close?.();
  }
}, 120_000);

it('names what there is, and the nearest name', async () => {
  expect(playableNames).toContain('search');
  await expect(openPlayable('serch', { seed: 0 })).rejects.toMatchObject({
    code: 'CONFIG_ERROR',
    message: expect.stringMatching(/did you mean "search"\?/),
  });
  await expect(openPlayable('toString', { seed: 0 })).rejects.toThrow(/there are search/);
});
