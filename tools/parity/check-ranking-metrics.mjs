// Compares the ranking metrics of @dgpo/retriever with what ranking_metrics.py printed, to 1e-9.
// node --import tsx --conditions=@dgpo/source tools/parity/check-ranking-metrics.mjs FILE…
import { readFile } from 'node:fs/promises';
import { evaluateRun } from '@dgpo/retriever';

const tolerance = 1e-9;
let compared = 0;
let worst = 0;

function compare(ours, theirs, where) {
  for (const [name, expected] of Object.entries(theirs)) {
    const difference = Math.abs(ours[name] - expected);
    if (!(difference <= tolerance)) throw new Error(`${where} ${name}: ${ours[name]} instead of ${expected}`);
    worst = Math.max(worst, difference);
    compared++;
  }
}

for (const path of process.argv.slice(2)) {
  const golden = JSON.parse(await readFile(path, 'utf8'));
  const run = new Map(
    Object.entries(golden.run).map(([query, scores]) => [
      query,
      Object.entries(scores).map(([id, score]) => ({ id, score })),
    ]),
  );
  const qrels = new Map(
    Object.entries(golden.qrels).map(([query, judged]) => [query, new Map(Object.entries(judged))]),
  );
  const { cutoffs } = golden;
  const common = evaluateRun({ run, qrels, cutoffs, complete: false });
  const complete = evaluateRun({ run, qrels, cutoffs });
  if (common.queries !== Object.keys(golden.per_query).length) throw new Error(`${path}: ${common.queries} queries`);
  compare(common.mean, golden.mean, `${path} mean`);
  compare(complete.mean, golden.complete, `${path} complete`);
  for (const [query, figures] of Object.entries(golden.per_query)) {
    compare(common.perQuery.get(query), figures, `${path} ${query}`);
  }
}
console.log(`${compared} figures agree with pytrec_eval; the greatest difference is ${worst.toExponential(1)}`);
