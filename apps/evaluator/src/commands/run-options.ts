import type { ActionFormatName } from '@dgpo/envs';
import { engineOption, fractionUpTo1, integerFrom, jsonOption, nonNegativeNumber } from '@dgpo/trainer';
import { Command, Option } from 'commander';
import { hubNames } from '../benchmarks/benchmark-files.js';
import { bootstrapOption } from './options.js';

const formats = ['tags', 'react', 'stateact', 'json', 'tool-calls'] as const satisfies ActionFormatName[];

/** `dgpo-eval run` and its options; what it does is added by whoever calls. */
export function createRunCommand() {
  return new Command('run')
    .description(
      'Evaluate a model folder, or a model behind an OpenAI-compatible API: play every question, score episodes and capabilities.',
    )
    .argument(
      '<model>',
      'model folder, or folder of adapters; its agent.json holds the rules, else those of Search-R1 apply. With --endpoint: its name there',
    )
    .optionsGroup('What to ask:')
    .option(
      '--questions <file...>',
      'FlashRAG JSONL, Search-R1 parquet, or tasks of a household or a shop; each file is a set',
    )
    .option(
      '--benchmarks <name...>',
      'nq, triviaqa, popqa, hotpotqa, 2wikimultihopqa, musique, bamboogle; or files of these, MATH-500, GSM-Hard, AIME and OlymMATH in their published formats',
    )
    .option(
      '--data <path>',
      'where benchmarks with a name lie: a file, or a folder as FlashRAG has it (default: the hub)',
    )
    .addOption(
      new Option('--hub <name>', 'whose copy to download: FlashRAG_datasets, or nq_hotpotqa_train of Search-R1')
        .choices(hubNames)
        .default('flashrag' as const),
    )
    .option('--cache <dir>', 'where downloads are kept', 'downloads/benchmarks')
    .option('--limit <number>', 'questions of each set, from its start', integerFrom(1))
    .optionsGroup('Where it searches (not in a household or a shop):')
    .option('--index <dir>', 'index directory, as dgpo-retriever index wrote it')
    .option('--url <url>', 'a Search-R1 /retrieve server instead; then source referencing and thinking are left out')
    .option('--corpus <path>', 'a corpus instead, searched by BM25')
    .option('--corpus-name <name>', 'its name in results (default: that of the folder or file)')
    .option('--shuffle-passages', 'control: show other passages than the ones found')
    .optionsGroup('A model behind an API:')
    .option('--endpoint <url>', 'server with /v1/chat/completions')
    .option('--api-key-variable <name>', 'environment variable that holds the key')
    .addOption(
      new Option('--format <name>', 'how it writes actions; tool-calls are those of the API (default: tags)').choices(
        formats,
      ),
    )
    .option('--concurrency <number>', 'episodes side by side', integerFrom(1), 8)
    .option('--timeout <seconds>', 'how long one request may take', integerFrom(1), 120)
    .option('--retries <number>', 'further attempts of a request, with growing waits', integerFrom(0), 5)
    .optionsGroup('How it answers:')
    .addOption(
      new Option(
        '--environment <name>',
        'plain searches for knowledge and reasons about mathematics, code writes Python for both (default: what agent.json says, else plain)',
      ).choices(['plain', 'code'] as const),
    )
    .option('--rules <dir>', 'folder whose agent.json holds the rules (default: that of the model, else Search-R1)')
    .option(
      '--max-tokens <number>',
      'longest solution of a question of mathematics, without code and without rules of chains of thought',
      integerFrom(1),
      2048,
    )
    .option('--temperature <number>', 'of sampling; 0 is greedy', nonNegativeNumber, 0)
    .option(
      '--top-p <number>',
      'of sampling: the likeliest tokens that together have this probability',
      fractionUpTo1,
      1,
    )
    .option('--samples <number>', 'episodes per question', integerFrom(1), 1)
    .option(
      '--self-consistent <samples>',
      'vote on every turn: so many candidates are carried out on forks of the episode, and the most frequent outcome wins (agent distillation: 8)',
      integerFrom(2),
    )
    .option('--vote-temperature <number>', 'of the sampling of candidates', nonNegativeNumber, 0.4)
    .option('--seed <number>', 'seed of sampling and resampling', integerFrom(0), 0)
    .option(
      '--max-error-rate <share>',
      'give up when more of the episodes than this end by an error, from the twentieth on',
      fractionUpTo1,
      0.5,
    )
    .option('--no-reading', 'leave out source referencing and thinking')
    .addOption(engineOption())
    .option('--workers <number>', 'worker threads; 0 is one per core', integerFrom(0), 0)
    .option('--batch-size <number>', 'episodes side by side in one worker', integerFrom(1), 64)
    .optionsGroup('Output:')
    .option(
      '--out <dir>',
      'keep episodes there as they end, so that the same command goes on after an interrupt; then results.json (as lm-eval does), cost.json, report.html and a folder for each set',
    )
    .option('--name <name>', 'name of the model in them (default: that of its folder)')
    .option('--transcripts <number>', 'episodes of each set in the report', integerFrom(0), 10)
    .addOption(bootstrapOption())
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command');
}

export type RunFlags = ReturnType<ReturnType<typeof createRunCommand>['opts']>;
