import type { Span, ViewerFigures } from './measure-viewer.js';

/** What `bench/results/evaluator.json` holds. */
export interface EvaluatorResults {
  machine: { cpu: string; cores: number; node: string };
  viewer: (ViewerFigures & { content: string; episodes: number; bytes: number })[];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const seconds = ({ seconds: wall, cpuSeconds }: Span) => `${wall.toFixed(2)} (${cpuSeconds.toFixed(2)})`;
const milliseconds = ({ seconds: wall, cpuSeconds }: Span) =>
  `${(1000 * wall).toFixed(0)} (${(1000 * cpuSeconds).toFixed(0)})`;
const megabytes = (bytes: number) => whole(bytes / 1e6);

/** The tables of `docs/performance.md`, also printed to the terminal. */
export function evaluatorTables({ machine, viewer }: EvaluatorResults): string {
  const [first] = viewer;
  return [
    `Measured on ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}.`,
    table(
      ['log', 'episodes', 'MB', 'first page, s (CPU s)', 'indexed', 'causes', 'heap, MB'],
      viewer.map(({ content, episodes, bytes, firstPage, indexed, causes, heapBytes }) => [
        content,
        whole(episodes),
        megabytes(bytes),
        seconds(firstPage),
        seconds(indexed),
        seconds(causes),
        megabytes(heapBytes),
      ]),
    ),
    table(
      ['request of 100 rows, ms (CPU ms)', ...viewer.map(({ content }) => content), 'found'],
      (first?.queries ?? []).map(({ name, total }, index) => [
        name,
        ...viewer.map(({ queries }) => {
          const span = queries[index]?.span;
          return span === undefined ? '–' : milliseconds(span);
        }),
        whole(total),
      ]),
    ),
  ].join('\n\n');
}
