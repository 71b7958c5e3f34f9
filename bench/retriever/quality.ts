/**
 * Recall of the supporting passages of HotpotQA questions among the first 3 and 10: BM25, the embedded encoder, all-MiniLM-L6-v2 and, with each of
 * them, BM25 fused by reciprocal rank.
 *
 *   npm run bench:quality -w @dgpo/retriever                       the excerpt that the package's tests use
 *   npm run bench:quality -w @dgpo/retriever -- --data DIR         corpus.jsonl and questions.jsonl (FlashRAG) of a larger sample
 *
 * Prints a Markdown table. MiniLM needs `npm run encoder:transformers` and `npm run models:minilm`; it is left out with --no-models.
 */
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  createBm25Retriever,
  createHybridRetriever,
  createRetriever,
  createTransformersEncoder,
  type Encoder,
  evaluateRetriever,
  fitHashedEncoder,
  loadCorpus,
  type Retriever,
} from '@dgpo/retriever';
import { readTasks, type Task } from '@dgpo/trajectory';
import { recordResults } from './record-results.js';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: path('packages/retriever/src/__fixtures__/hotpotqa-12') },
    model: { type: 'string', default: path('.models/all-minilm-l6-v2') },
    models: { type: 'boolean', default: true },
  },
  allowNegative: true,
});

interface Row {
  retriever: string;
  questions: number;
  recallAt3: number;
  recallAt10: number;
  /** Passages encoded a second. */
  passagesPerSecond?: number;
}

const documents = await loadCorpus({ path: join(flags.data, 'corpus.jsonl') });
const tasks: Task[] = [];
for await (const task of readTasks(join(flags.data, 'questions.jsonl'))) tasks.push(task);

async function measure(name: string, retriever: Retriever): Promise<Row> {
  const { cutoffs, questions } = await evaluateRetriever({ retriever, tasks, cutoffs: [3, 10] });
  const recall = (k: number) => cutoffs.find((cutoff) => cutoff.k === k)?.recall ?? Number.NaN;
  return { retriever: name, questions, recallAt3: recall(3), recallAt10: recall(10) };
}

const bm25 = createBm25Retriever({ documents });
const rows = [await measure('BM25', bm25)];

async function measureEncoder(name: string, encoder: Encoder): Promise<void> {
  const started = performance.now();
  const flat = await createRetriever({ documents, kind: 'flat', encoder });
  const passagesPerSecond = (1000 * documents.length) / (performance.now() - started);
  rows.push({ ...(await measure(name, flat)), passagesPerSecond });
  rows.push(await measure(`BM25 and ${name}`, createHybridRetriever({ retrievers: [bm25, flat] })));
}

await measureEncoder('embedded encoder', await fitHashedEncoder({ texts: documents.map(({ contents }) => contents) }));
if (flags.models) {
  const encoder = await createTransformersEncoder({ model: flags.model });
  await measureEncoder(basename(flags.model), encoder);
  await encoder.close?.();
}

const cells = ({ retriever, recallAt3, recallAt10, passagesPerSecond }: Row) => [
  retriever,
  recallAt3.toFixed(3),
  recallAt10.toFixed(3),
  passagesPerSecond?.toFixed(0) ?? '',
];
const lines = [
  ['retriever', 'recall@3', 'recall@10', 'passages/s encoded'],
  ['---', '---', '---', '---'],
  ...rows.map(cells),
];
console.log(`${documents.length} passages, ${rows[0]?.questions} questions\n`);
for (const line of lines) console.log(`| ${line.join(' | ')} |`);
await recordResults('quality', basename(resolve(flags.data)), { passages: documents.length, rows });
