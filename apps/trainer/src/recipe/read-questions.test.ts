import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { supportingTitles } from '@dgpo/trajectory';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readQuestions } from './read-questions.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-questions-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const optional = { repetition_type: 'OPTIONAL' } as const;
const text = (name: string) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional }) as const;
const list = (name: string, element: readonly object[]) => [
  { name, converted_type: 'LIST', num_children: 1, ...optional } as const,
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 } as const,
  ...element,
];
const struct = (name: string, fields: number) => ({ name, num_children: fields, ...optional }) as const;

/** The columns of PeterJinGo/nq_hotpotqa_train. */
const schema = [
  { name: 'root', num_children: 8 },
  text('id'),
  text('question'),
  ...list('golden_answers', [text('element')]),
  struct('metadata', 2),
  text('type'),
  struct('supporting_facts', 2),
  ...list('title', [text('element')]),
  ...list('sent_id', [{ name: 'element', type: 'INT64', ...optional }]),
  text('data_source'),
  ...list('prompt', [struct('element', 2), text('role'), text('content')]),
  struct('reward_model', 2),
  text('style'),
  struct('ground_truth', 1),
  ...list('target', [text('element')]),
  struct('extra_info', 2),
  text('split'),
  { name: 'index', type: 'INT64', ...optional },
];

function writeParquet(rows: readonly Record<string, unknown>[]): string {
  const names = ['id', 'question', 'golden_answers', 'metadata', 'data_source', 'prompt', 'reward_model', 'extra_info'];
  const path = join(directory, 'train.parquet');
  const buffer = parquetWriteBuffer({
    columnData: names.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) })),
    schema: schema as NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>,
    rowGroupSize: 2,
    codec: 'GZIP',
    compressors: { GZIP: (data) => new Uint8Array(gzipSync(data)) },
  });
  writeFileSync(path, new Uint8Array(buffer));
  return path;
}

const nq = {
  id: 'train_0',
  question: 'total number of death row inmates in the us?',
  golden_answers: ['2,718'],
  metadata: null,
  data_source: 'nq',
  prompt: [
    { role: 'user', content: 'Answer the given question. Question: total number of death row inmates in the us?\n' },
  ],
  reward_model: { style: 'rule', ground_truth: { target: ['2,718'] } },
  extra_info: { split: 'train', index: 0n },
};
const hotpotqa = {
  ...nq,
  question: 'Which magazine was started first?',
  golden_answers: ["Arthur's Magazine"],
  metadata: {
    type: 'comparison',
    supporting_facts: { title: ["Arthur's Magazine", 'First for Women'], sent_id: [0n, 0n] },
  },
  data_source: 'hotpotqa',
};

describe('readQuestions', () => {
  it('reads Search-R1 parquet: rendered prompts, null metadata, ids that repeat between sources', async () => {
    const verl = { ...nq, id: null, question: null, golden_answers: null, extra_info: { split: 'train', index: 7n } };
    const tasks = await readQuestions({ path: writeParquet([nq, hotpotqa, verl]) });
    expect(tasks[0]).toEqual({
      id: 'nq:train_0',
      question: nq.question,
      goldenAnswers: ['2,718'],
      prompt: nq.prompt,
      metadata: { data_source: 'nq' },
    });
    expect(tasks[1]?.id).toBe('hotpotqa:train_0');
    expect(tasks[1]?.metadata?.type).toBe('comparison');
    expect(supportingTitles(tasks[1] ?? expect.fail('no task'))).toEqual(["Arthur's Magazine", 'First for Women']);
    expect(JSON.stringify(tasks[1])).toContain('"sent_id":[0,0]');
    expect(tasks[2]).toMatchObject({ id: 'nq:7', goldenAnswers: ['2,718'], question: nq.prompt[0]?.content });
  });

  it('stops at the limit', async () => {
    const rows = [0, 1, 2, 3].map((index) => ({ ...nq, id: `train_${index}` }));
    const tasks = await readQuestions({ path: writeParquet(rows), limit: 3 });
    expect(tasks.map((task) => task.id)).toEqual(['nq:train_0', 'nq:train_1', 'nq:train_2']);
  });

  it('names the row that is no question, and damaged or missing files', async () => {
    const broken = { ...nq, golden_answers: null, reward_model: null };
    const path = writeParquet([nq, hotpotqa, broken]);
    await expect(readQuestions({ path })).rejects.toThrow(/train\.parquet: row 3: has no golden_answers/);
    await expect(readQuestions({ path: writeParquet([nq, nq]) })).rejects.toThrow(/the id "nq:train_0" stands twice/);
    writeFileSync(path, readFileSync(path).subarray(0, 200));
    await expect(readQuestions({ path })).rejects.toThrow(/is not a parquet file, or is damaged/);
    await expect(readQuestions({ path: join(directory, 'no.parquet') })).rejects.toThrow(/no such file/);
    await expect(readQuestions({ path: join(directory, 'q.csv') })).rejects.toThrow(
      /\.jsonl \(FlashRAG\) or \.parquet/,
    );
    writeFileSync(join(directory, 'empty.jsonl'), '\n');
    await expect(readQuestions({ path: join(directory, 'empty.jsonl') })).rejects.toThrow(/has no questions/);
  });

  it('reads the HotpotQA sample', async () => {
    const path = fileURLToPath(new URL('../../../../examples/hotpotqa-sample/questions.jsonl', import.meta.url));
    const tasks = await readQuestions({ path });
    expect(tasks).toHaveLength(80);
    expect(tasks.every((task) => supportingTitles(task).length >= 2)).toBe(true);
  });
});
