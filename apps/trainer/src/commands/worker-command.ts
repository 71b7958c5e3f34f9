import { availableParallelism, homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { selectEngine } from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { runRolloutWorker } from '../rollout/rollout-worker.js';
import { engineOption, integerFrom } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo worker`: plays episodes for a trainer on this or another machine, until it is interrupted. */
export function workerCommand(surroundings: CliSurroundings): Command {
  const { output, environment, signal, workingDirectory } = surroundings;
  return new Command('worker')
    .description('Play episodes for a training that runs elsewhere.')
    .optionsGroup('Whom it works for:')
    .option('--redis <url>', 'the queue, redis://host:6379; with a password better in the variable DGPO_REDIS_URL')
    .requiredOption(
      '--artifacts <url>',
      'the trainer, http://host:8321; its token comes in the variable DGPO_WORKER_TOKEN',
    )
    .option('--queue <name>', 'rollouts.queue of the recipe', 'dgpo')
    .optionsGroup('How it works:')
    .option('--workers <number>', 'jobs side by side; 0 is one per core', integerFrom(0), 0)
    .addOption(engineOption())
    .option('--cache <folder>', 'for tokenizers, indexes and models; otherwise ~/.cache/dgpo/worker')
    .option('--max-artifact <gigabytes>', 'larger ones are refused', integerFrom(1), 16)
    .option('--lost-after <seconds>', 'without a sign of life another worker gets its job', integerFrom(1), 30)
    .option('--grace <seconds>', 'to finish after SIGTERM or Ctrl-C; then its job is given back', integerFrom(0), 20)
    .helpOption('-h, --help', 'display help for command')
    .action(async (options) => {
      const redis = options.redis ?? environment.DGPO_REDIS_URL;
      if (redis === undefined)
        throw new ConfigError('needs the address of Redis: --redis, or the variable DGPO_REDIS_URL');
      const cache = options.cache ?? environment.DGPO_WORKER_CACHE ?? join(homedir(), '.cache', 'dgpo', 'worker');
      const lanes = options.workers === 0 ? availableParallelism() : options.workers;
      const { name } = await selectEngine({
        workers: lanes,
        ...(options.engine === 'auto' ? {} : { engine: options.engine }),
      });
      await runRolloutWorker({
        redis,
        artifacts: options.artifacts,
        token: environment.DGPO_WORKER_TOKEN,
        queue: options.queue,
        engine: name,
        // Engines with a device of their own play one job at a time.
        lanes: name === 'wasm' || name === 'cpu' ? lanes : 1,
        cacheDirectory: resolve(workingDirectory, cache),
        maxArtifactBytes: options.maxArtifact * 2 ** 30,
        lostAfter: options.lostAfter * 1000,
        grace: options.grace * 1000,
        onLine: (line) => output.write(`${line}\n`),
        signal,
      });
      output.write('stopped\n');
    });
}
