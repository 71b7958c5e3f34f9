import { basename, resolve } from 'node:path';
import { formatTable, scoreTable, type TableOptions } from '@dgpo/arc';
import {
  type EvaluationSet,
  evaluationResults,
  type RetrieverSource,
  readQuestions,
  type SetEvaluation,
  writeEvaluation,
  writeRunReport,
} from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { writeCost } from '../cost/cost-files.js';
import { costTable, describeCost } from '../cost/cost-table.js';
import { evaluateCheckpoint } from '../evaluate-checkpoint.js';
import { chooseEpisodes } from './choose-episodes.js';
import { bootstrapOption, engineOption, integerFrom, jsonOption, nonNegativeNumber } from './options.js';
import { createProgressLine } from './progress-line.js';
import type { CliSurroundings } from './surroundings.js';

/** Every file is a set, named after it. */
async function readSets(paths: readonly string[], limit: number | undefined): Promise<EvaluationSet[]> {
  const sets: EvaluationSet[] = [];
  for (const path of paths) {
    const name = basename(path).replace(/\.[^.]+$/, '');
    if (sets.some((set) => set.name === name)) {
      throw new ConfigError(`two files are named ${name}; sets are called after their files, so rename one`, {
        where: '--questions',
      });
    }
    sets.push({ name, tasks: await readQuestions({ path, ...(limit === undefined ? {} : { limit }) }) });
  }
  return sets;
}

/** The measures of a set, with the components that are measured apart from searching. */
function setTable({ summary, arc }: SetEvaluation): TableOptions {
  const { columns, rows } = scoreTable(summary);
  if (arc === undefined) return { columns, rows };
  const blank = columns.slice(2).map(() => '');
  const reading = [
    ['source referencing', arc.sourceReferencing.exactMatch, ...blank],
    ['thinking', arc.thinking.exactMatch, ...blank],
  ];
  const [first, ...others] = columns;
  const right = others.map((column) => ({
    header: typeof column === 'string' ? column : column.header,
    align: 'right' as const,
  }));
  return { columns: [first ?? '', ...right], rows: [...rows, ...reading] };
}

/** `dgpo-eval run`: a checkpoint on sets of questions. */
export function runCommand(surroundings: CliSurroundings): Command {
  const { output, errors, signal, workingDirectory, pool } = surroundings;
  const at = (path: string) => resolve(workingDirectory, path);
  return new Command('run')
    .description('Evaluate a model: play every question with searches, score episodes and capabilities.')
    .argument(
      '<checkpoint>',
      'model folder, or folder of adapters; its agent.json holds the rules, else those of Search-R1 apply',
    )
    .optionsGroup('What to ask:')
    .requiredOption(
      '--questions <file...>',
      'FlashRAG JSONL, Search-R1 parquet, or tasks of a household or a shop; each file is a set',
    )
    .option('--limit <number>', 'questions of each file, from its start', integerFrom(1))
    .optionsGroup('Where it searches (not in a household or a shop):')
    .option('--index <dir>', 'index directory, as dgpo-retriever index wrote it')
    .option('--url <url>', 'a Search-R1 /retrieve server instead; then source referencing and thinking are left out')
    .option('--shuffle-passages', 'control: show other passages than the ones found')
    .optionsGroup('How it answers:')
    .option('--temperature <number>', 'of sampling; 0 is greedy', nonNegativeNumber, 0)
    .option('--samples <number>', 'episodes per question', integerFrom(1), 1)
    .option('--seed <number>', 'seed of sampling and resampling', integerFrom(0), 0)
    .option('--no-reading', 'leave out source referencing and thinking')
    .addOption(engineOption())
    .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0)
    .option('--batch-size <number>', 'episodes side by side in one worker', integerFrom(1), 64)
    .optionsGroup('Output:')
    .option('--out <dir>', 'write results.json (as lm-eval does), cost.json, samples_<set>.jsonl and report.html there')
    .option('--name <name>', 'name of the model in them (default: that of its folder)')
    .option('--transcripts <number>', 'episodes of each set in the report', integerFrom(0), 10)
    .addOption(bootstrapOption())
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (checkpoint, flags) => {
      const { index, url, shufflePassages = false, temperature, samples, seed, bootstrapSamples } = flags;
      if (index !== undefined && url !== undefined) throw new ConfigError('give either --index DIR or --url URL');
      if (shufflePassages && index === undefined) throw new ConfigError('--shuffle-passages needs --index');
      const folder = (directory: string) => ({ directory, ...(shufflePassages ? { shuffleSeed: seed } : {}) });
      const retriever: RetrieverSource | undefined =
        url !== undefined ? { url } : index !== undefined ? folder(at(index)) : undefined;
      const sets = await readSets(flags.questions.map(at), flags.limit);
      const progress = createProgressLine(errors, flags.json === true);
      const { model, evaluation, settings, cost } = await evaluateCheckpoint({
        checkpoint: at(checkpoint),
        ...(retriever === undefined ? {} : { retriever }),
        sets,
        temperature,
        samplesPerTask: samples,
        seed,
        batchSize: flags.batchSize,
        reading: flags.reading,
        engine: flags.engine,
        workers: flags.workers,
        bootstrapSamples,
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(pool === undefined ? {} : { pool }),
        onStart: ({ model: name, parameters }) =>
          progress.note(`${name}: ${(parameters / 1e6).toFixed(2)} M parameters`),
        onProgress: ({ set, part, done, total }) =>
          progress.show(`${set} · ${part}: ${done} of ${total}`, done === total),
        signal,
      });
      const described = {
        temperature,
        samplesPerTask: samples,
        seed,
        shuffledPassages: shufflePassages,
        environment: settings,
      };
      if (flags.out !== undefined) {
        const directory = at(flags.out);
        await writeCost({ directory, cost });
        await writeEvaluation({ directory, model, evaluation, settings: described });
        await writeRunReport({
          path: resolve(directory, 'report.html'),
          title: model,
          subtitle: `${temperature === 0 ? 'Greedy' : `Temperature ${temperature}`}, seed ${seed}${shufflePassages ? ', shuffled passages' : ''}.`,
          results: [{ name: model, sets: evaluation.sets }],
          transcripts: evaluation.sets.flatMap(({ name, trajectories }) =>
            chooseEpisodes(trajectories, flags.transcripts).map((trajectory) => ({ label: name, trajectory })),
          ),
        });
      }
      if (flags.json) {
        const results = evaluationResults({ model, evaluation, settings: described });
        output.write(`${JSON.stringify({ ...results, cost })}\n`);
        return;
      }
      for (const set of evaluation.sets) output.write(`${set.name}\n${formatTable(setTable(set))}\n\n`);
      output.write(`${formatTable(costTable(cost))}\n\n`);
      output.write(
        `Means with 95 % bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}).\n`,
      );
      output.write(`${describeCost(cost.overall)}\n`);
      if (flags.out !== undefined) {
        output.write(`Wrote results.json, cost.json, samples and report.html to ${flags.out}\n`);
      }
    });
}
