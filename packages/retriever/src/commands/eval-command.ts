import { ConfigError, readTasks, type Task } from '@dgpo/trajectory';
import { Command, InvalidArgumentError, Option } from 'commander';
import { evaluateRetriever, type RetrieverEvaluation } from '../evaluate/evaluate-retriever.js';
import {
  evaluateRun,
  type RankedDocument,
  type RankingMetric,
  type RunEvaluation,
  rankingMetrics,
} from '../evaluate/evaluate-run.js';
import { loadQrels } from '../evaluate/qrels-file.js';
import { loadQueries } from '../evaluate/queries-file.js';
import { retrieveRun } from '../evaluate/retrieve-run.js';
import { loadRun, writeRun } from '../evaluate/run-file.js';
import type { Retriever } from '../retriever.js';
import { withRetriever } from './open-retriever.js';
import { integerFrom, jsonOption, readToken, tokenOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

const list =
  <T>(parse: (part: string) => T) =>
  (text: string) =>
    text.split(',').map((part) => parse(part.trim()));

function parseMetric(text: string): RankingMetric {
  const found = rankingMetrics.find((metric) => metric === text);
  if (found === undefined) throw new InvalidArgumentError(`The metrics are ${rankingMetrics.join(', ')}.`);
  return found;
}

interface EvalOptions {
  questions?: string;
  queries?: string;
  qrels?: string;
  run?: string;
  runOut?: string;
  metrics: readonly RankingMetric[];
  cutoffs: readonly number[];
  depth: number;
}

/** Which of the three ways the options ask for. @throws ConfigError that says how they go together. */
function chooseWay(source: string | undefined, { questions, queries, qrels, run, runOut }: EvalOptions) {
  if (run !== undefined) {
    if (source !== undefined || questions !== undefined || queries !== undefined || runOut !== undefined) {
      throw new ConfigError('--run measures a run that is there: give it with --qrels alone, without a source');
    }
    if (qrels === undefined) throw new ConfigError('--run needs --qrels FILE');
    return { way: 'run', run, qrels } as const;
  }
  if (source === undefined) throw new ConfigError('give a source (index, corpus or URL), or --run FILE --qrels FILE');
  if (questions !== undefined && queries === undefined && qrels === undefined) {
    return { way: 'questions', source, questions } as const;
  }
  if (questions === undefined && queries !== undefined && qrels !== undefined) {
    return { way: 'collection', source, queries, qrels } as const;
  }
  throw new ConfigError('give --questions FILE, or both --queries FILE and --qrels FILE');
}

/** Right-aligned columns under their heads. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ');
  return `${[heads, ...rows].map(line).join('\n')}\n`;
}

function describeQuestions({ questions, skipped, answerable, cutoffs }: RetrieverEvaluation): string {
  const show = (measured: number, figure: number) => (measured === 0 ? '-' : figure.toFixed(3));
  const rows = cutoffs.map(({ k, recall, hit, complete, ndcg, mrr, map, answerRecall }) => [
    String(k),
    ...[recall, hit, complete, ndcg, mrr, map].map((figure) => show(questions, figure)),
    show(answerable, answerRecall),
  ]);
  const left = skipped === 0 ? '' : ` (${skipped} more without)`;
  return (
    `${questions} questions with supporting titles${left}, ${answerable} with an answer to look for\n` +
    table(['k', 'recall', 'any', 'all', 'ndcg', 'mrr', 'map', 'answer'], rows)
  );
}

function describeRun({ queries, unjudged, missing, mean }: RunEvaluation): string {
  const notes = [
    ...(missing > 0 ? [`${missing} without results count 0`] : []),
    ...(unjudged > 0 ? [`${unjudged} without judgements left out`] : []),
  ];
  const width = Math.max(...Object.keys(mean).map((name) => name.length));
  const lines = Object.entries(mean).map(([name, figure]) => `${name.padEnd(width)}  ${figure.toFixed(4)}\n`);
  return `${[`${queries} queries`, ...notes].join('; ')}\n${lines.join('')}`;
}

/** `dgpo-retriever eval`: what a retriever, or a run it left, finds of what is known to be right. */
export function evalCommand(surroundings: CliSurroundings): Command {
  const { writeOut, writeError, environment, signal } = surroundings;

  async function askQuestions(retriever: Retriever, questions: string, { cutoffs, runOut }: EvalOptions) {
    const tasks: Task[] = [];
    for await (const task of readTasks(questions)) tasks.push(task);
    const run = new Map<string, RankedDocument[]>();
    const onRanking = (id: string, ranking: RankedDocument[]) => run.set(id, ranking);
    const evaluation = await evaluateRetriever({ retriever, tasks, cutoffs, signal, onRanking });
    if (runOut !== undefined) await writeRun({ path: runOut, run });
    return evaluation;
  }

  async function askQueries(
    retriever: Retriever,
    files: { queries: string; qrels: string },
    { cutoffs, metrics, depth, runOut }: EvalOptions,
  ) {
    const qrels = await loadQrels(files.qrels);
    // BEIR keeps the queries of all splits in one file: only those that are judged are asked.
    const queries = (await loadQueries(files.queries)).filter(({ id }) => qrels.has(id));
    if (queries.length === 0) {
      throw new ConfigError('no query has a judgement; do the ids of --queries and --qrels agree?', {
        where: files.queries,
      });
    }
    writeError(`${queries.length} queries\n`);
    const run = await retrieveRun({ retriever, queries, topK: Math.max(depth, ...cutoffs), signal });
    if (runOut !== undefined) await writeRun({ path: runOut, run });
    return evaluateRun({ run, qrels, metrics, cutoffs });
  }

  const report = (evaluation: RunEvaluation, json: boolean | undefined) => {
    const { perQuery, ...figures } = evaluation;
    writeOut(
      json ? `${JSON.stringify({ ...figures, perQuery: Object.fromEntries(perQuery) })}\n` : describeRun(evaluation),
    );
  };

  return new Command('eval')
    .description('Measure a retriever, or a TREC run, by the measures of trec_eval and by answer recall.')
    .argument('[source]', 'index directory, corpus file, URL of a server, searxng:URL, serpapi or json:FILE')
    .option('--questions <file>', 'FlashRAG JSONL: supporting titles (metadata.supporting_facts) and golden answers')
    .option('--queries <file>', 'BEIR queries.jsonl, or .tsv of id and text; with --qrels')
    .option('--qrels <file>', 'judgements: TREC qrels or BEIR qrels/*.tsv')
    .option('--run <file>', 'measure this TREC run instead of a source; with --qrels')
    .option('--run-out <file>', 'write what was found as a TREC run')
    .addOption(
      new Option('--metrics <name,…>', 'with --qrels: families of measures')
        .argParser(list(parseMetric))
        .default([...rankingMetrics], rankingMetrics.join(',')),
    )
    .addOption(
      new Option('--cutoffs <k,k,…>', 'numbers of passages to look at')
        .argParser(list(integerFrom(1)))
        .default([1, 3, 5, 10], '1,3,5,10'),
    )
    .option('--depth <k>', 'with --queries: passages to ask for, at least the greatest cutoff', integerFrom(1), 100)
    .addOption(tokenOption())
    .addOption(jsonOption())
    .action(async (source: string | undefined, { tokenEnv, json, ...options }) => {
      const chosen = chooseWay(source, options);
      if (chosen.way === 'run') {
        const { metrics, cutoffs } = options;
        const [run, qrels] = [await loadRun(chosen.run), await loadQrels(chosen.qrels)];
        report(evaluateRun({ run, qrels, metrics, cutoffs }), json);
        return;
      }
      const token = readToken(tokenEnv, environment);
      const opening = { source: chosen.source, ...(token !== undefined && { token }) };
      await withRetriever(opening, surroundings, async (retriever) => {
        if (chosen.way === 'collection') {
          report(await askQueries(retriever, chosen, options), json);
          return;
        }
        const evaluation = await askQuestions(retriever, chosen.questions, options);
        writeOut(json ? `${JSON.stringify(evaluation)}\n` : describeQuestions(evaluation));
      });
    });
}
