import { resolve } from 'node:path';
import { formatTable } from '@dgpo/arc';
import type { RetrieverSource } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { Command, Option } from 'commander';
import { benchmarkNotes, benchmarkTable } from '../benchmarks/benchmark-report.js';
import { evaluateCheckpointBenchmarks } from '../benchmarks/evaluate-checkpoint-benchmarks.js';
import { openBenchmarks } from '../benchmarks/open-benchmarks.js';
import { benchmarkResults, writeBenchmarks } from '../benchmarks/write-benchmarks.js';
import { writeCost } from '../cost/cost-files.js';
import { costTable, describeCost } from '../cost/cost-table.js';
import { openInput } from '../open-checkpoint.js';
import { chooseEpisodes } from './choose-episodes.js';
import { bootstrapOption, engineOption, integerFrom, jsonOption, nonNegativeNumber } from './options.js';
import { createProgressLine } from './progress-line.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-eval benchmarks`: a checkpoint on published benchmarks. */
export function benchmarksCommand(surroundings: CliSurroundings): Command {
  const { output, errors, signal, workingDirectory } = surroundings;
  const at = (path: string) => resolve(workingDirectory, path);
  return new Command('benchmarks')
    .description(
      'Evaluate a model on HotpotQA, MuSiQue, Bamboogle, 2WikiMultiHopQA, MATH-500, GSM-Hard, AIME and OlymMATH files.',
    )
    .argument(
      '<checkpoint>',
      'model folder, or folder of adapters; its agent.json holds the rules, else those of Search-R1 apply',
    )
    .argument('<file...>', 'files of benchmarks in their published formats; the content says which it is')
    .optionsGroup('What to ask:')
    .option('--limit <number>', 'questions of each file, from its start', integerFrom(1))
    .optionsGroup('Where it searches, for question answering:')
    .option('--index <dir>', 'index directory, as dgpo-retriever index wrote it')
    .option('--url <url>', 'a Search-R1 /retrieve server instead')
    .optionsGroup('How it answers:')
    .addOption(
      new Option(
        '--environment <name>',
        'plain searches for knowledge and reasons about mathematics, code writes Python for both (default: what agent.json says, else plain)',
      ).choices(['plain', 'code'] as const),
    )
    .option('--max-tokens <number>', 'longest solution of a question of mathematics without code', integerFrom(1), 2048)
    .option('--temperature <number>', 'of sampling; 0 is greedy', nonNegativeNumber, 0)
    .option('--samples <number>', 'episodes per question', integerFrom(1), 1)
    .option('--seed <number>', 'seed of sampling and resampling', integerFrom(0), 0)
    .addOption(engineOption())
    .option('--batch-size <number>', 'episodes side by side', integerFrom(1), 64)
    .optionsGroup('Output:')
    .option(
      '--out <dir>',
      'write benchmarks.json, results.json, cost.json, samples_<benchmark>.jsonl and report.html there',
    )
    .option('--name <name>', 'name of the model in them (default: that of its folder)')
    .option('--transcripts <number>', 'episodes of each benchmark in the report', integerFrom(0), 5)
    .addOption(bootstrapOption())
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (checkpoint, files, flags) => {
      const { index, url, limit, maxTokens, temperature, samples, seed, bootstrapSamples } = flags;
      if (index !== undefined && url !== undefined) throw new ConfigError('give either --index DIR or --url URL');
      const benchmarks = await openInput(
        openBenchmarks({ paths: files.map(at), ...(limit === undefined ? {} : { limit }) }),
      );
      const retriever: RetrieverSource | undefined =
        url !== undefined ? { url } : index !== undefined ? { directory: at(index) } : undefined;
      const progress = createProgressLine(errors, flags.json === true);
      const { model, evaluation, settings, cost } = await evaluateCheckpointBenchmarks({
        checkpoint: at(checkpoint),
        benchmarks,
        maxTokens,
        ...(flags.environment === undefined ? {} : { environment: flags.environment }),
        temperature,
        samplesPerTask: samples,
        seed,
        batchSize: flags.batchSize,
        engine: flags.engine,
        bootstrapSamples,
        ...(retriever === undefined ? {} : { retriever }),
        ...(flags.name === undefined ? {} : { name: flags.name }),
        onStart: ({ model: name, parameters }) =>
          progress.note(`${name}: ${(parameters / 1e6).toFixed(2)} M parameters`),
        onProgress: ({ benchmark, done, total }) => progress.show(`${benchmark}: ${done} of ${total}`, done === total),
        signal,
      });
      const described = {
        temperature,
        samplesPerTask: samples,
        seed,
        bootstrapSamples,
        maxTokens,
        environment: settings,
      };
      if (flags.out !== undefined) {
        await writeCost({ directory: at(flags.out), cost });
        await writeBenchmarks({
          directory: at(flags.out),
          model,
          evaluation,
          benchmarks,
          settings: described,
          subtitle: `${temperature === 0 ? 'Greedy' : `Temperature ${temperature}`}, seed ${seed}.`,
          transcripts: evaluation.benchmarks.flatMap(({ score, trajectories }) =>
            chooseEpisodes(trajectories, flags.transcripts).map((trajectory) => ({ label: score.name, trajectory })),
          ),
        });
      }
      if (flags.json) {
        const results = benchmarkResults({ model, evaluation, settings: described });
        output.write(`${JSON.stringify({ ...results, cost })}\n`);
        return;
      }
      output.write(`${formatTable(benchmarkTable(evaluation))}\n\n`);
      output.write(`${formatTable(costTable(cost))}\n\n`);
      for (const note of benchmarkNotes) output.write(`${note}\n`);
      output.write(`${describeCost(cost.overall)}\n`);
      if (flags.out !== undefined) {
        output.write(`Wrote benchmarks.json, results.json, cost.json, samples and report.html to ${flags.out}\n`);
      }
    });
}
