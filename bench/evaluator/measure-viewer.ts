import { setTimeout as delay } from 'node:timers/promises';
import { serveViewer } from '../../apps/evaluator/src/viewer/serve-viewer.js';

/** Time that passed, and that the processor worked on it; other work on the machine makes the first longer. */
export interface Span {
  seconds: number;
  cpuSeconds: number;
}

export interface ViewerFigures {
  /** From the start of the server to the first hundred rows. */
  firstPage: Span;
  /** To the right totals. */
  indexed: Span;
  /** To the causes of all failures. */
  causes: Span;
  /** A request of hundred rows, the median of several. */
  queries: { name: string; span: Span; total: number }[];
  /** Of the heap once all is indexed, in bytes. */
  heapBytes: number;
}

interface Reply {
  total: number;
  rows: unknown[];
  progress: { isComplete: boolean; causesKnown: number; causesTotal: number };
}

function stopwatch(): () => Span {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}

const queries: Record<string, string> = {
  'search for two words': 'search=river+mountain',
  'search for a sentence that is nowhere': 'search=%22nowhere+to+be+found%22',
  'wrong ones with 3 searches': 'correct=false&minSearches=3',
  'search, filter, sorted by question': 'search=capital&group=2+hops&sort=question',
  'last page of all': 'offset=99900',
};
const repeats = 5;

/** Serves a folder in this process and asks as the page does; the requests themselves are in the figures. */
export async function measureViewer(options: {
  directory: string;
  pageDirectory: string;
  run: string;
}): Promise<ViewerFigures> {
  const { directory, pageDirectory, run } = options;
  const elapsed = stopwatch();
  const viewer = await serveViewer({ directory, pageDirectory });
  const ask = async (query: string) => {
    const response = await fetch(`${viewer.url}/api/episodes?run=${run}&${query}`);
    return (await response.json()) as Reply;
  };
  // Asking costs time as well: it is done seldom.
  const until = async (holds: (reply: Reply) => boolean) => {
    while (!holds(await ask('limit=1'))) await delay(250);
    return elapsed();
  };
  try {
    await ask('');
    const firstPage = elapsed();
    const indexed = await until(({ progress }) => progress.isComplete);
    const causes = await until(({ progress }) => progress.causesKnown === progress.causesTotal);
    const measured: ViewerFigures['queries'] = [];
    for (const [name, query] of Object.entries(queries)) {
      const spans: Span[] = [];
      let total = 0;
      for (let repeat = 0; repeat < repeats; repeat++) {
        const own = stopwatch();
        // Equal queries are remembered: another upper limit, which changes nothing, makes them unequal.
        total = (await ask(`${query}&maxSearches=${100 + repeat}`)).total;
        spans.push(own());
      }
      spans.sort((a, b) => a.cpuSeconds - b.cpuSeconds);
      const span = spans[repeats >> 1];
      if (span !== undefined) measured.push({ name, span, total });
    }
    return { firstPage, indexed, causes, queries: measured, heapBytes: process.memoryUsage().heapUsed };
  } finally {
    await viewer.close();
  }
}
