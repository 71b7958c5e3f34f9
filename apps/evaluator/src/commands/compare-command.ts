import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { comparisonTable, formatTable } from '@dgpo/arc';
import { integerFrom, jsonOption } from '@dgpo/trainer';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { compareEvaluations } from '../compare-evaluations.js';
import { comparedParts, describeComparison, renderComparisonReport } from '../comparison-report.js';
import { costComparisonTable } from '../cost/cost-table.js';
import { evaluationDifferences } from '../evaluation-differences.js';
import { readComparedModels } from '../read-compared-models.js';
import { bootstrapOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-eval compare`: two evaluations question by question. */
export function compareCommand({ output, errors, workingDirectory }: CliSurroundings): Command {
  const at = (path: string) => resolve(workingDirectory, path);
  return new Command('compare')
    .description('Compare two evaluations question by question: paired differences, tests, episodes side by side.')
    .argument(
      '<baseline>',
      'folder that dgpo-eval run wrote, its results.json, stages/evaluation-<model> of a run, or a .jsonl file of episodes',
    )
    .argument('<candidate>', 'the same of the model in question')
    .option('--out <dir>', 'write comparison.json and report.html there')
    .option('--allow-differences', 'compare although questions, samples or settings differ; says what does')
    .option('--transcripts <number>', 'questions of each set to show in the report', integerFrom(0), 10)
    .addOption(bootstrapOption())
    .option('--seed <number>', 'seed of the resampling', integerFrom(0), 0)
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (baselinePath, candidatePath, flags) => {
      const { out, transcripts, bootstrapSamples, seed, json, allowDifferences = false } = flags;
      const pair = await readComparedModels({ baseline: at(baselinePath), candidate: at(candidatePath) });
      const { baseline, candidate } = pair;
      const differences = evaluationDifferences(pair);
      if (differences.length > 0 && !allowDifferences) {
        throw new ConfigError(
          `not the model alone differs: ${differences.join('; ')}. --allow-differences compares what both have`,
        );
      }
      for (const difference of differences) errors.write(`warning: ${difference}\n`);
      const comparison = compareEvaluations({ ...pair, bootstrapSamples, seed });
      const result = { ...comparison, bootstrapSamples, seed };
      if (out !== undefined) {
        const directory = at(out);
        const html = renderComparisonReport({ comparison, baseline, candidate, transcripts, seed, bootstrapSamples });
        try {
          await mkdir(directory, { recursive: true });
          await writeFile(join(directory, 'comparison.json'), `${JSON.stringify(result, null, 2)}\n`);
          await writeFile(join(directory, 'report.html'), html);
        } catch (cause) {
          const reason = cause instanceof Error ? cause.message : String(cause);
          throw new DatasetError(`cannot be written: ${reason}`, { where: directory, cause });
        }
      }
      if (json) {
        output.write(`${JSON.stringify(result)}\n`);
        return;
      }
      output.write(`Baseline ${comparison.baseline}, candidate ${comparison.candidate}.\n\n`);
      for (const part of comparedParts(comparison)) {
        const table = formatTable(comparisonTable(part.comparison));
        output.write(`${part.name}\n${table}\n\n${describeComparison(part.comparison).join('\n')}\n\n`);
        output.write(`${formatTable(costComparisonTable(part.cost))}\n\n`);
      }
      output.write('Differences have paired 95 % bootstrap intervals; p is that of a paired permutation test.\n');
      if (out !== undefined) output.write(`Wrote comparison.json and report.html to ${out}\n`);
    });
}
