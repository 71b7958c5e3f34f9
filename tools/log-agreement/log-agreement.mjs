#!/usr/bin/env node
/**
 * Figures of logs that hold the verdict of a judge on each answer, and how far exact match and cover exact match agree with it, as the
 * Markdown tables of docs/r1-searcher-logs.md.
 *
 *   npm run measure:logs -- llama.jsonl qwen.jsonl
 */
import { basename } from 'node:path';
import { cohensKappa, formatMarkdownTable, measureDescriptions, measureTrajectory, summarizeMeasures } from '@dgpo/arc';
import { readLogs } from '@dgpo/trajectory';

const shown = [
  'exactMatch',
  'coverExactMatch',
  'f1',
  'correct',
  'answered',
  'executedSearches',
  'validActionRate',
  'firstQueryAnswerHit',
  'anyQueryAnswerHit',
];

const logs = await Promise.all(
  process.argv.slice(2).map(async (path) => {
    const measures = [];
    for await (const trajectory of readLogs({ path })) measures.push(measureTrajectory(trajectory));
    return { name: basename(path), measures, summary: summarizeMeasures(measures) };
  }),
);

const total = (measures) => measures.reduce((sum, { executedSearches }) => sum + executedSearches, 0);
const rows = shown.map((name) => [
  measureDescriptions[name].label,
  ...logs.map(({ summary }) => summary.overall.figures[name]),
]);
rows.unshift(
  ['episodes', ...logs.map(({ summary }) => summary.overall.episodes)],
  ['executed searches in all', ...logs.map(({ measures }) => total(measures))],
);
console.log(formatMarkdownTable({ columns: ['measure', ...logs.map(({ name }) => name)], rows }));

const verdicts = logs.flatMap(({ name, measures }) =>
  ['exactMatch', 'coverExactMatch'].map((metric) => {
    const judged = measures.filter((episode) => episode[metric] !== null);
    const verdict = (value) => (value === 1 ? 'right' : 'wrong');
    const { observed, kappa, confusion } = cohensKappa(
      judged.map((episode) => [verdict(episode[metric]), verdict(episode.correct)]),
    );
    const onlyMetric = confusion.right?.wrong ?? 0;
    const onlyJudge = confusion.wrong?.right ?? 0;
    const label = measureDescriptions[metric].label;
    return [name, label, observed.toFixed(3), kappa.toFixed(3), String(onlyMetric), String(onlyJudge)];
  }),
);
const columns = ['log', 'metric', 'accuracy', "Cohen's κ", 'right only by the metric', 'right only by the judge'];
console.log(`\n${formatMarkdownTable({ columns, rows: verdicts })}`);
