import { basename, join } from 'node:path';
import { type Trajectory, writeJsonLines } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { formatTable } from '../format-table.js';
import { lmEvalResults } from '../lm-eval-results.js';
import { type GroupingName, groupBy } from '../measures/group-by.js';
import { scoreTable } from '../measures/measure-table.js';
import { type ScoreSummary, summarizeMeasures } from '../measures/summarize-measures.js';
import { renderReport } from '../report/render-report.js';
import type { ReportOptions } from '../report/report-options.js';
import {
  addCommonOptions,
  type CommandStreams,
  type CommonFlags,
  groupByOption,
  parseWhole,
} from './command-options.js';
import { describeLog } from './open-log.js';
import { readEpisodes } from './read-episodes.js';
import { writeText } from './write-text.js';

interface ScoreFlags extends CommonFlags {
  groupBy: GroupingName;
  task: string;
  transcripts: number;
}

/** Adds `dgpo-arc score`. */
export function addScoreCommand(program: Command, streams: CommandStreams): void {
  addCommonOptions(
    program
      .command('score')
      .description('score the episodes of a log')
      .argument('<logs.jsonl>', 'episodes: JSONL or a JSON list'),
    'write results.json (as lm-eval does), episodes.jsonl and report.html there',
  )
    .addOption(groupByOption())
    .option('--task <name>', 'name of the task in results.json', 'search_qa')
    .option('--transcripts <n>', 'episodes to show in the report, right and wrong ones', parseWhole(0), 20)
    .action((path: string, flags: ScoreFlags) => score(path, flags, streams));
}

async function score(path: string, flags: ScoreFlags, { writeOut, writeError }: CommandStreams): Promise<void> {
  const { out, json = false, format, strict = false, bootstrapSamples, seed, task, transcripts } = flags;
  const { measures, kept, log } = await readEpisodes({
    path,
    format,
    strict,
    groupBy: groupBy(flags.groupBy),
    keep: out === undefined ? 0 : transcripts,
  });
  writeError(describeLog(path, log));
  const summary = summarizeMeasures(measures, { bootstrapSamples, seed });
  const { episodes: _, ...figures } = summary;
  const results = { ...lmEvalResults(summary, { task }), arc: figures, log };
  if (out !== undefined) {
    await writeJsonLines(join(out, 'episodes.jsonl'), measures);
    await writeText(join(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    await writeText(join(out, 'report.html'), renderReport(scoreReport(basename(path), summary, kept)));
  }
  if (json) {
    writeOut(`${JSON.stringify(results, null, 2)}\n`);
    return;
  }
  writeOut(`${formatTable(scoreTable(summary))}\n\n`);
  writeOut(`Means with 95 % bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}).\n`);
  if (out !== undefined) writeOut(`Wrote results.json, episodes.jsonl and report.html to ${out}\n`);
}

function scoreReport(name: string, summary: ScoreSummary, kept: readonly Trajectory[]): ReportOptions {
  const { overall, groups, bootstrapSamples, seed } = summary;
  const parts = Object.entries(groups);
  const shares = [
    { label: 'exact match', measure: 'exactMatch' },
    { label: 'first query hits answer', measure: 'firstQueryAnswerHit' },
    { label: 'any query hits answer', measure: 'anyQueryAnswerHit' },
    { label: 'valid actions', measure: 'validActionRate' },
  ] as const;
  const shown = shares.filter(({ measure }) => overall.figures[measure].count > 0);
  const series = parts.length > 0 ? parts : [['all', overall] as const];
  return {
    title: `Agentic RAG capabilities: ${name}`,
    subtitle: `${overall.episodes} episodes of ${overall.tasks} questions.`,
    tables: [
      {
        title: 'Measures',
        ...scoreTable(summary),
        caption: `Means with 95 % percentile bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}).`,
      },
    ],
    bars: [
      {
        title: parts.length > 0 ? 'By group' : 'At a glance',
        categories: shown.map(({ label }) => label),
        series: series.map(([group, { figures }]) => ({
          name: group,
          values: shown.map(({ measure }) => figures[measure]),
        })),
        max: 1,
      },
    ],
    transcripts: kept.map((trajectory, index) => ({
      label: trajectory.policy ?? trajectory.id,
      trajectory,
      open: index === 0,
    })),
    notes: [
      'Answers, searches and hits are read from the structured actions of each episode, never from tags in the text.',
      'A hit by answer is a golden answer as whole words in a retrieved passage; a short or common answer may be there by chance. A hit by source is a passage with a supporting title.',
    ],
  };
}
