import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createFakeTerminal } from './__fixtures__/fake-terminal.js';
import { createConsoleReporter } from './console-reporter.js';

/** A clock that goes on by a second whenever it is read. */
function clock() {
  let time = 0;
  return () => (time += 1000);
}

function setUpPlain(isTTY: boolean, environment: Record<string, string>) {
  let text = '';
  const stream = { write: (part: string) => (text += part), isTTY, columns: 60 };
  const reporter = createConsoleReporter({ stream, environment, now: clock() });
  return { reporter, text: () => text };
}

function setUpLive(width = 60) {
  const terminal = createFakeTerminal(width);
  const controller = new AbortController();
  const reporter = createConsoleReporter({
    stream: terminal.stream,
    environment: {},
    now: clock(),
    memory: () => 2 ** 30,
    signal: controller.signal,
  });
  return { terminal, reporter, controller };
}

describe('createConsoleReporter, plain', () => {
  it('writes whole lines into a file', async () => {
    const { reporter, text } = setUpPlain(false, {});
    reporter.stage('index', 'bm25 over corpus.jsonl');
    reporter.line('10 passages');
    const tracker = reporter.tracker({ stage: 'cold-start', totalSteps: 2, show: ['loss'] });
    tracker.log({ loss: 0.5 }, 1);
    await tracker.finish();
    for (let done = 0; done <= 40; done++) reporter.progress({ label: 'episodes', done, total: 40 });
    const lines = text().split('\n');
    expect(lines.slice(0, 2)).toEqual(['index  bm25 over corpus.jsonl', '10 passages']);
    expect(lines[2]).toMatch(/^cold-start 1\/2 · loss 0\.500 · /);
    expect(lines.slice(3, -1).map((line) => line.split(' ')[1])).toEqual(
      [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40].map((done) => `${done}/40`),
    );
    expect(lines[4]).toMatch(/^episodes 4\/40 · \d+ s left$/);
  });

  it.each([{ CI: 'true' }, { NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'writes plain lines on a terminal with %j',
    (environment) => {
      const { reporter, text } = setUpPlain(true, environment);
      const tracker = reporter.tracker({ stage: 'ppo', totalSteps: 3 });
      tracker.log({ reward: 1 }, 1);
      tracker.log({ reward: 2 }, 3);
      expect(text().replaceAll('\u001b', '')).toBe(text());
      expect(text()).toMatch(/^ppo 1\/3 · reward 1 · [^\n]*\nppo 3\/3 · reward 2 · [^\n]*\n$/);
    },
  );

  it('says nothing when it is quiet', () => {
    let text = '';
    const reporter = createConsoleReporter({ stream: { write: (part) => (text += part) }, quiet: true });
    reporter.stage('index');
    reporter.line('x');
    reporter.progress({ label: 'y', done: 1, total: 1 });
    reporter.tracker({ stage: 'z', totalSteps: 1 }).log({ loss: 1 }, 1);
    reporter.close();
    expect(text).toBe('');
  });
});

describe('createConsoleReporter, live', () => {
  it('draws a training in place, and lines for good above it', async () => {
    const { terminal, reporter } = setUpLive();
    reporter.stage('ppo', '3 updates');
    const tracker = reporter.tracker({ stage: 'ppo', totalSteps: 3, show: ['searches'] });
    tracker.log({ reward: 0, searches: 1 }, 1);
    reporter.line('watch out');
    reporter.progress({ label: 'episodes', done: 1, total: 2 });
    expect(terminal.lines().at(-2)).toMatch(/^episodes {2}█+░+ {2}1\/2 · 50 %$/);
    tracker.log({ reward: 1, searches: 2 }, 2);
    reporter.progress({ label: 'episodes', done: 2, total: 2 });
    tracker.log({ reward: 0.5, searches: 3 }, 3);
    await tracker.finish();
    reporter.line('done');
    expect(terminal.lines()).toEqual([
      'ppo  3 updates',
      'watch out',
      expect.stringMatching(/^ppo {2}█+ {2}3\/3 · 100 %$/),
      expect.stringMatching(/^\d+\.\d s\/step · \d+ s so far · 1\.0 GiB$/),
      'reward 0.500  ▁█▅',
      'searches 3',
      'done',
      '',
    ]);
    expect(terminal.unknown).toEqual([]);
    expect(terminal.listeners()).toBe(0);
  });

  it('takes a terminal that does not know its size for one of 80 columns', () => {
    const terminal = createFakeTerminal(80);
    const stream = { ...terminal.stream, columns: 0, rows: 0 };
    const reporter = createConsoleReporter({ stream, environment: {}, now: clock(), memory: () => 0 });
    reporter.progress({ label: 'MB', done: 1, total: 2 });
    expect(terminal.lines()[0]).toMatch(/^MB {2}█{20}░{20} {2}1\/2 · 50 %$/);
  });

  it('draws a count alone on one line and leaves it when it is complete', () => {
    const { terminal, reporter } = setUpLive();
    for (let done = 0; done <= 5; done++) reporter.progress({ label: 'MB', done, total: 5 });
    reporter.line('done');
    expect(terminal.lines()).toEqual([expect.stringMatching(/^MB {2}█+ {2}5\/5 · 100 %$/), 'done', '']);
  });

  it('does not draw faster than ten times a second, but always the last step', async () => {
    const terminal = createFakeTerminal(60);
    const reporter = createConsoleReporter({ stream: terminal.stream, environment: {}, now: () => 0 });
    const tracker = reporter.tracker({ stage: 'sft', totalSteps: 100 });
    for (let step = 1; step <= 99; step++) tracker.log({ loss: step }, step);
    expect(terminal.lines()[0]).toContain(' 1/100 ');
    tracker.log({ loss: 100 }, 100);
    expect(terminal.lines()[0]).toContain(' 100/100 ');
    await tracker.finish();
    expect(terminal.text().split('sft').length - 1).toBe(3);
  });

  it('draws anew in the width of a terminal that is resized, over everything that stood there', () => {
    const { terminal, reporter } = setUpLive(70);
    reporter.line('a line for good');
    const tracker = reporter.tracker({ stage: 'dgpo', totalSteps: 9 });
    tracker.log({ reward: 1, kl: 0.5, 'completions/mean_length': 200, valid_action_rate: 0.5 }, 1);
    for (const width of [30, 12, 70, 41]) {
      terminal.resize(width);
      const lines = terminal.lines().filter((line) => !'a line for good'.includes(line));
      expect(lines.filter((line) => line.startsWith('dgpo'))).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith('reward'))).toHaveLength(1);
      expect(lines.every((line) => line.length < width)).toBe(true);
    }
  });

  it('leaves the view when Ctrl-C is pressed, and what is said then comes below it', () => {
    const { terminal, reporter, controller } = setUpLive();
    const tracker = reporter.tracker({ stage: 'dgpo', totalSteps: 9 });
    tracker.log({ reward: 1 }, 1);
    terminal.stream.write('^C\nInterrupted: finishing this step.\n');
    controller.abort();
    tracker.log({ reward: 2 }, 2);
    reporter.close();
    expect(terminal.lines()).toContain('Interrupted: finishing this step.');
    expect(terminal.lines().filter((line) => line.startsWith('dgpo'))).toHaveLength(2);
    expect(terminal.listeners()).toBe(0);
    expect(terminal.isAtPrompt()).toBe(true);
  });

  const events = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('log'), value: fc.double({ min: -9, max: 9, noNaN: true }) }),
      fc.record({ kind: fc.constant('progress'), value: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant('line'), value: fc.integer({ min: 0, max: 999 }) }),
    ),
    { maxLength: 30 },
  );
  test.prop([events, fc.integer({ min: 1, max: 100 })])(
    'whenever a process ends, the cursor is at a line of its own and no mode is changed',
    (all, width) => {
      const { terminal, reporter } = setUpLive(width);
      const tracker = reporter.tracker({ stage: 'dgpo', totalSteps: 30 });
      const printed: string[] = [];
      let step = 0;
      for (const { kind, value } of all) {
        step += kind === 'log' ? 1 : 0;
        if (kind === 'log') tracker.log({ reward: value, kl: value / 3 }, step);
        else if (kind === 'progress') reporter.progress({ label: 'episodes', done: value, total: 5 });
        else {
          reporter.line(String(value).slice(0, width));
          printed.push(String(value).slice(0, width));
        }
        expect(terminal.isAtPrompt()).toBe(true);
      }
      expect(terminal.unknown).toEqual([]);
      expect(terminal.lines().filter((line) => /^\d{1,3}$/.test(line))).toEqual(expect.arrayContaining(printed));
    },
  );
});
