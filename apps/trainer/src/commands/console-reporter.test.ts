import { expect, it } from 'vitest';
import { createConsoleReporter } from './console-reporter.js';

function setUp(isTTY: boolean) {
  let text = '';
  let time = 0;
  const reporter = createConsoleReporter({
    stream: { write: (part) => (text += part), isTTY, columns: 60 },
    environment: { NO_COLOR: '1' },
    now: () => (time += 1000),
  });
  return { reporter, text: () => text };
}

it('writes whole lines into a file', async () => {
  const { reporter, text } = setUp(false);
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

it('redraws one line on a terminal and never writes into it', async () => {
  const { reporter, text } = setUp(true);
  const tracker = reporter.tracker({ stage: 'ppo', totalSteps: 3 });
  tracker.log({ reward: 1 }, 1);
  reporter.line('watch out');
  await tracker.finish();
  reporter.progress({ label: 'episodes', done: 1, total: 2 });
  reporter.progress({ label: 'episodes', done: 2, total: 2 });
  reporter.line('done');
  expect(text().replaceAll('\r\u001b[2K', '<')).toMatch(
    /^<ppo 1\/3 [^\n]*\nwatch out\n<episodes 1\/2<episodes 2\/2\ndone\n$/,
  );
});

it('says nothing when it is quiet', () => {
  let text = '';
  const reporter = createConsoleReporter({ stream: { write: (part) => (text += part) }, quiet: true });
  reporter.stage('index');
  reporter.line('x');
  reporter.progress({ label: 'y', done: 1, total: 1 });
  reporter.tracker({ stage: 'z', totalSteps: 1 }).log({ loss: 1 }, 1);
  expect(text).toBe('');
});
