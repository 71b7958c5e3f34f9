/**
 * Writes the tables of the retriever from bench/results/retriever.json into docs/performance.md and the README of the package:
 * `npm run bench:tables -w @dgpo/retriever`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Bm25Indexing, Bm25Search } from './bm25-case.js';
import type { FlatFigures } from './flat-case.js';
import type { HnswBuild, HnswPoint, HnswSearch } from './hnsw-case.js';
import { readResults } from './record-results.js';

type Named<Figures> = Record<string, Figures>;
type HnswFigures = { size: number; name: string } & HnswBuild & HnswSearch;
type FlatRow = { size: number; precision: string; library: string } & FlatFigures;
type Bm25Row = { size: number; name: string; scoreDifference: number } & Bm25Indexing & Bm25Search;
interface ServerRow {
  overheadMs: { median: number; p99: number };
  queriesPerSecond: number;
  queriesPerBatch: number;
}
interface QualityRow {
  retriever: string;
  recallAt3: number;
  recallAt10: number;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const mebibytes = (bytes: number) => whole(bytes / 2 ** 20);

/** Queries a second at this recall: between the two measured points around it, straight in the logarithm. */
function rateAt(points: readonly HnswPoint[], recall: number): number {
  const after = points.findIndex((point) => point.recall >= recall);
  const high = points[after];
  const low = points[after - 1];
  if (high === undefined) return Number.NaN;
  if (low === undefined) return high.queriesPerSecond;
  const share = (recall - low.recall) / (high.recall - low.recall);
  return Math.exp((1 - share) * Math.log(low.queriesPerSecond) + share * Math.log(high.queriesPerSecond));
}

/** Rows of one size, each beside the first row's peer. */
function withRatio(value: number, peer: number | undefined): string {
  if (!Number.isFinite(value)) return 'not reached';
  return peer === undefined ? whole(value) : `${whole(value)} (${(value / peer).toFixed(2)})`;
}

function hnswTable(results: Named<HnswFigures>): string {
  const rows = Object.values(results);
  return table(
    ['vectors', 'library', 'build, CPU s', 'opened, MiB', 'queries/s at 0.95', 'at 0.99'],
    rows.map((row) => {
      const peer = rows.find(({ size, name }) => size === row.size && name === 'hnswlib');
      const rates = [0.95, 0.99].map((recall) =>
        withRatio(rateAt(row.points, recall), peer && rateAt(peer.points, recall)),
      );
      return [whole(row.size), row.name, row.buildCpuSeconds.toFixed(0), mebibytes(row.memoryBytes), ...rates];
    }),
  );
}

function flatTable(results: Named<FlatRow>): string {
  const rows = Object.values(results);
  return table(
    [
      'vectors',
      'precision',
      'library',
      'recall@10',
      'MiB',
      ...(rows[0]?.points.map(({ batch }) => `queries/s, ${batch} at once`) ?? []),
    ],
    rows.map((row) => {
      const peer = rows.find(
        ({ size, precision, library }) => size === row.size && precision === row.precision && library === 'faiss',
      );
      const rates = row.points.map(({ batch, queriesPerSecond }) =>
        withRatio(queriesPerSecond, peer?.points.find((point) => point.batch === batch)?.queriesPerSecond),
      );
      return [whole(row.size), row.precision, row.library, row.recall.toFixed(3), mebibytes(row.memoryBytes), ...rates];
    }),
  );
}

function bm25Table(results: Named<Bm25Row>): string {
  const rows = Object.values(results);
  return table(
    ['passages', 'library', 'passages/s', 'on disk, MiB', 'in memory, MiB', 'queries/s', 'of numba'],
    rows.map((row) => {
      const peer = rows.find(({ size, name }) => size === row.size && name === 'bm25s, numba');
      const ratio = peer === undefined ? '' : (row.queriesPerSecond / peer.queriesPerSecond).toFixed(2);
      return [
        whole(row.size),
        row.name,
        whole(row.passagesPerCpuSecond),
        mebibytes(row.diskBytes),
        mebibytes(row.memoryBytes),
        whole(row.queriesPerSecond),
        ratio,
      ];
    }),
  );
}

const serverTable = (results: Named<ServerRow>) =>
  table(
    ['case', 'overhead, ms: median', '99th percentile', 'queries/s', 'queries a batch'],
    Object.entries(results).map(([name, { overheadMs, queriesPerSecond, queriesPerBatch }]) => [
      name,
      overheadMs.median.toFixed(2),
      overheadMs.p99.toFixed(2),
      whole(queriesPerSecond),
      queriesPerBatch.toFixed(1),
    ]),
  );

function qualityTable(results: Named<{ passages: number; rows: QualityRow[] }>): string {
  const sets = Object.values(results);
  const names = sets[0]?.rows.map(({ retriever }) => retriever) ?? [];
  return table(
    ['', ...sets.flatMap(({ passages }) => [`${whole(passages)} passages: recall@3`, 'recall@10'])],
    names.map((name) => [
      name,
      ...sets.flatMap(({ rows }) => {
        const row = rows.find(({ retriever }) => retriever === name);
        return [row?.recallAt3, row?.recallAt10].map((figure) => figure?.toFixed(3) ?? '');
      }),
    ]),
  );
}

async function replaceTable(file: URL, name: string, text: string): Promise<void> {
  const page = await readFile(file, 'utf8');
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${file.pathname} needs the markers ${begin} and ${end}`);
  await writeFile(file, `${page.slice(0, start + begin.length)}\n\n${text}\n\n${page.slice(stop)}`);
}

const { hnsw = {}, flat = {}, bm25 = {}, server = {}, quality = {} } = await readResults();
const performance = new URL('../../docs/performance.md', import.meta.url);
await replaceTable(performance, 'hnsw', hnswTable(hnsw as Named<HnswFigures>));
await replaceTable(performance, 'flat', flatTable(flat as Named<FlatRow>));
await replaceTable(performance, 'bm25', bm25Table(bm25 as Named<Bm25Row>));
await replaceTable(performance, 'server', serverTable(server as Named<ServerRow>));
await replaceTable(
  new URL('../../packages/retriever/README.md', import.meta.url),
  'quality',
  qualityTable(quality as Named<{ passages: number; rows: QualityRow[] }>),
);
