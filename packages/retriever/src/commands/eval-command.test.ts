import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDgpoError } from '@dgpo/trajectory';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../evaluate/run-file.js';
import { evalCommand } from './eval-command.js';

const fixture = fileURLToPath(new URL('../__fixtures__/hotpotqa-12/', import.meta.url));
const corpus = join(fixture, 'corpus.jsonl');
const questions = join(fixture, 'questions.jsonl');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-eval-'));
  const queries = ['{"_id": "1", "text": "Akkadian spirit"}', '{"_id": "2", "text": "x"}', '{"_id": "3", "text": "y"}'];
  await writeFile(join(root, 'queries.jsonl'), queries.join('\n'));
  await writeFile(join(root, 'test.tsv'), 'query-id\tcorpus-id\tscore\n1\t9\t1\n1\t5\t1\n2\tabsent\t1\n');
  await writeFile(join(root, 'a.run'), '1 Q0 9 1 2.5 x\n1 Q0 7 2 1.5 x\n8 Q0 9 1 1 x\n');
});
afterAll(() => rm(root, { recursive: true }));

async function run(...words: string[]) {
  const text = { out: '', error: '' };
  const command = evalCommand({
    environment: {},
    signal: new AbortController().signal,
    writeOut: (part) => {
      text.out += part;
    },
    writeError: (part) => {
      text.error += part;
    },
  });
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync(words, { from: 'user' });
  return text;
}
const file = (name: string) => join(root, name);

describe('dgpo-retriever eval', () => {
  it('measures questions and leaves a run', async () => {
    const { out } = await run(corpus, '--questions', questions, '--cutoffs', '1,3', '--run-out', file('hotpot.run'));
    expect(out).toMatchInlineSnapshot(`
      "12 questions with supporting titles, 9 with an answer to look for
      k  recall    any    all   ndcg    mrr    map  answer
      1   0.375  0.750  0.000  0.750  0.750  0.375   0.333
      3   0.792  1.000  0.583  0.755  0.861  0.681   0.778
      "
    `);
    const left = await loadRun(file('hotpot.run'));
    expect(left.size).toBe(12);
    expect(left.get('5a77ec115542992a6e59dff7')).toHaveLength(3);
    const { out: text } = await run(corpus, '--questions', questions, '--cutoffs', '3', '--json');
    expect(JSON.parse(text)).toMatchObject({ questions: 12, skipped: 0, cutoffs: [{ k: 3, hit: 1 }] });
  });

  it('measures a collection: asks the judged queries, leaves a run, and the run measures alike', async () => {
    const files = ['--queries', file('queries.jsonl'), '--qrels', file('test.tsv')];
    const measures = ['--metrics', 'recall,recip_rank', '--cutoffs', '2'];
    const asked = await run(corpus, ...files, ...measures, '--run-out', file('beir.run'), '--json');
    expect(asked.error).toBe('2 queries\n');
    const figures = JSON.parse(asked.out) as { mean: object };
    expect(figures.mean).toEqual({ recip_rank: 0.5, recip_rank_cut_2: 0.5, recall_2: 0.5 });
    expect(figures).toMatchObject({ queries: 2, perQuery: { 1: { recall_2: 1 } } });
    const again = await run('--run', file('beir.run'), '--qrels', file('test.tsv'), ...measures, '--json');
    expect((JSON.parse(again.out) as { mean: object }).mean).toEqual(figures.mean);
    expect((await readFile(file('beir.run'), 'utf8')).split('\n')[0]).toMatch(/^1 Q0 9 1 \d+\.\d+ dgpo$/);
  });

  it('measures a run for people', async () => {
    const { out } = await run(
      '--run',
      file('a.run'),
      '--qrels',
      file('test.tsv'),
      '--metrics',
      'P,map',
      '--cutoffs',
      '2',
    );
    expect(out).toBe(
      '2 queries; 1 without results count 0; 1 without judgements left out\n' +
        'P_2        0.2500\nmap        0.2500\nmap_cut_2  0.2500\n',
    );
  });

  it.each([
    [[], /give a source/],
    [[corpus], /give --questions FILE, or both/],
    [[corpus, '--queries', 'q'], /give --questions FILE, or both/],
    [[corpus, '--questions', 'q', '--qrels', 'r'], /give --questions FILE, or both/],
    [['--run', 'r'], /--run needs --qrels/],
    [[corpus, '--run', 'r', '--qrels', 'q'], /without a source/],
    [['--run', 'absent', '--qrels', 'q'], /absent: cannot read/],
    [['--run', 'a', '--qrels', 'q', '--metrics', 'mrr'], /The metrics are ndcg, map/],
    [['--run', 'a', '--qrels', 'q', '--cutoffs', '0'], /at least 1/],
  ])('refuses %j', async (words, message) => {
    const error = await run(...words).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(isDgpoError(error) || error instanceof CommanderError).toBe(true);
  });

  it('says when queries and judgements have nothing in common', async () => {
    await writeFile(file('other.tsv'), '99\t9\t1\n');
    const words = [corpus, '--queries', file('queries.jsonl'), '--qrels', file('other.tsv')];
    await expect(run(...words)).rejects.toThrow(/no query has a judgement/);
  });
});
