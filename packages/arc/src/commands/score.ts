import { basename, join } from 'node:path';
import { writeJsonLines } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { formatTable } from '../format-table.js';
import { lmEvalResults } from '../lm-eval-results.js';
import { type GroupingName, groupBy } from '../measures/group-by.js';
import { scoreTable } from '../measures/measure-table.js';
import { summarizeMeasures } from '../measures/summarize-measures.js';
import { renderReport } from '../report/render-report.js';
import {
  addCommonOptions,
  addLogOptions,
  type CommandStreams,
  type CommonFlags,
  groupByOption,
  type LogFlags,
  parseWhole,
} from './command-options.js';
import { describeLog } from './open-log.js';
import { readEpisodes } from './read-episodes.js';
import { scoreReport } from './score-report.js';
import { writeText } from './write-text.js';

interface ScoreFlags extends CommonFlags, LogFlags {
  groupBy: GroupingName;
  task: string;
  transcripts: number;
}

/** Adds `dgpo-arc score`. */
export function addScoreCommand(program: Command, streams: CommandStreams): void {
  addCommonOptions(
    addLogOptions(
      program
        .command('score')
        .description('score the episodes of a log')
        .argument('<logs.jsonl>', 'episodes: JSONL or a JSON list'),
    ),
    'write results.json (as lm-eval does), episodes.jsonl and report.html there',
  )
    .addOption(groupByOption())
    .option('--task <name>', 'name of the task in results.json', 'search_qa')
    .option('--transcripts <n>', 'episodes to show in the report, some of every cause', parseWhole(0), 20)
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
    await writeText(
      join(out, 'report.html'),
      renderReport(scoreReport({ name: basename(path), summary, examples: kept })),
    );
  }
  if (json) {
    writeOut(`${JSON.stringify(results, null, 2)}\n`);
    return;
  }
  writeOut(`${formatTable(scoreTable(summary))}\n\n`);
  writeOut(`Means with 95 % bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}).\n`);
  if (out !== undefined) writeOut(`Wrote results.json, episodes.jsonl and report.html to ${out}\n`);
}
