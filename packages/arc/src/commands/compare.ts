import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { formatTable } from '../format-table.js';
import { compareEpisodes, type EpisodeComparison } from '../measures/compare-episodes.js';
import { comparisonTable, formatProbability } from '../measures/measure-table.js';
import { summarizeMeasures } from '../measures/summarize-measures.js';
import { renderReport } from '../report/render-report.js';
import { causeBreakdown } from './cause-breakdown.js';
import {
  addCommonOptions,
  addLogOptions,
  type CommandStreams,
  type CommonFlags,
  type LogFlags,
} from './command-options.js';
import { describeLog } from './open-log.js';
import { readEpisodes } from './read-episodes.js';
import { writeText } from './write-text.js';

/** Adds `dgpo-arc compare`. */
export function addCompareCommand(program: Command, streams: CommandStreams): void {
  const command = program
    .command('compare')
    .description('compare two models on the questions that both answered')
    .argument('<baseline.jsonl>', 'episodes of the model to compare against')
    .argument('<candidate.jsonl>', 'episodes of the model in question');
  addCommonOptions(addLogOptions(command), 'write comparison.json and report.html there').action(
    (baseline: string, candidate: string, flags: CommonFlags & LogFlags) =>
      compare({ baseline, candidate }, flags, streams),
  );
}

interface ComparedPaths {
  baseline: string;
  candidate: string;
}

async function compare(
  paths: ComparedPaths,
  flags: CommonFlags & LogFlags,
  { writeOut, writeError }: CommandStreams,
): Promise<void> {
  const { out, json = false, format, strict = false, bootstrapSamples, seed } = flags;
  const { measures: baseline, log: baselineLog } = await readEpisodes({ path: paths.baseline, format, strict });
  const { measures: candidate, log: candidateLog } = await readEpisodes({ path: paths.candidate, format, strict });
  writeError(describeLog(paths.baseline, baselineLog) + describeLog(paths.candidate, candidateLog));
  const comparison = compareEpisodes({ baseline, candidate, bootstrapSamples, seed });
  if (comparison.sharedTasks === 0) writeError('warning: the two files have no question in common\n');
  const result = {
    ...paths,
    ...comparison,
    bootstrapSamples,
    seed,
    logs: { baseline: baselineLog, candidate: candidateLog },
  };
  const lines = describe(comparison, paths);
  if (out !== undefined) {
    const options = { bootstrapSamples, seed };
    const sides = [
      { name: basename(paths.baseline), summary: summarizeMeasures(baseline, options) },
      { name: basename(paths.candidate), summary: summarizeMeasures(candidate, options) },
    ];
    const shown = ['exactMatch', 'anyQueryAnswerHit', 'validActionRate'] as const;
    const labels = ['exact match', 'any query hits answer', 'valid actions'];
    await writeText(join(out, 'comparison.json'), `${JSON.stringify(result, null, 2)}\n`);
    await writeText(
      join(out, 'report.html'),
      renderReport({
        title: `${basename(paths.candidate)} against ${basename(paths.baseline)}`,
        subtitle: `${comparison.sharedTasks} shared questions.`,
        tables: [{ title: 'Candidate minus baseline', ...comparisonTable(comparison), caption: lines.join(' ') }],
        bars: [
          {
            title: 'Each on all of its questions',
            categories: labels,
            series: sides.map(({ name, summary }) => ({
              name,
              values: shown.map((measure) => summary.overall.figures[measure]),
            })),
            max: 1,
          },
        ],
        breakdowns: sides
          .filter(({ summary }) => summary.overall.failed > 0)
          .map(({ name, summary }) =>
            causeBreakdown({ title: `Why episodes of ${name} failed`, group: summary.overall }),
          ),
      }),
    );
  }
  if (json) {
    writeOut(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  writeOut(`${formatTable(comparisonTable(comparison))}\n\n${lines.join('\n')}\n`);
  if (out !== undefined) writeOut(`Wrote comparison.json and report.html to ${out}\n`);
}

function describe(comparison: EpisodeComparison, { baseline, candidate }: ComparedPaths): string[] {
  const { sharedTasks, baselineOnlyTasks, candidateOnlyTasks, mcnemar } = comparison;
  const leftOut = baselineOnlyTasks + candidateOnlyTasks;
  return [
    `Baseline ${basename(baseline)}, candidate ${basename(candidate)}, ${sharedTasks} shared questions${leftOut === 0 ? '' : `, ${baselineOnlyTasks} only in the baseline and ${candidateOnlyTasks} only in the candidate left out`}.`,
    'Differences have paired 95 % bootstrap intervals; p is that of a paired permutation test. Causes are shares of all episodes.',
    mcnemar === null
      ? 'No McNemar test: some questions were sampled more than once.'
      : `Exact match, McNemar: ${mcnemar.candidateOnly} right only in the candidate, ${mcnemar.baselineOnly} only in the baseline, p ${formatP(mcnemar.pValue)}.`,
  ];
}

const formatP = (value: number) => (value < 0.001 ? formatProbability(value) : `= ${formatProbability(value)}`);
