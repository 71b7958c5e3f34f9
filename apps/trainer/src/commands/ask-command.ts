import { resolve } from 'node:path';
import { createRetrieverClient } from '@dgpo/retriever';
import { ConfigError } from '@dgpo/trajectory';
import { Command, Option } from 'commander';
import { loadAgent } from '../ask/load-agent.js';
import { encodeEvent, renderEvent } from '../ask/render-events.js';
import { colorsFor } from './colors.js';
import { engineOption, integerFrom, nonNegativeNumber, seedOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo ask`: one question to a trained agent. */
export function askCommand(surroundings: CliSurroundings): Command {
  const { output, environment, signal, workingDirectory } = surroundings;
  return new Command('ask')
    .description('Ask a trained agent, and watch it think, search, read and answer.')
    .argument('<checkpoint>', 'model folder, or folder of adapters')
    .argument('<question>', 'the question, in quotes')
    .optionsGroup('Where it searches:')
    .option('--index <dir>', 'index directory, as the run or dgpo-retriever index wrote it')
    .option('--url <url>', 'a Search-R1 /retrieve server instead')
    .optionsGroup('How it answers:')
    .option('--temperature <number>', 'of sampling; 0 is greedy', nonNegativeNumber, 0)
    .addOption(seedOption())
    .option('--max-searches <number>', 'searches before it must answer', integerFrom(0))
    .addOption(engineOption())
    .optionsGroup('Output:')
    .addOption(new Option('--json', 'print one JSON object for each event'))
    .helpOption('-h, --help', 'display help for command')
    .action(async (checkpoint, question, { index, url, temperature, seed, maxSearches, engine, json }) => {
      if ((index === undefined) === (url === undefined)) throw new ConfigError('give either --index DIR or --url URL');
      if (question.trim() === '') throw new ConfigError('the question is empty');
      const agent = await loadAgent({
        checkpoint: resolve(workingDirectory, checkpoint),
        index: url === undefined ? resolve(workingDirectory, index ?? '') : createRetrieverClient({ url }),
        temperature,
        seed,
        engine,
        ...(maxSearches === undefined ? {} : { maxSearches }),
      });
      try {
        const colors = colorsFor(output, environment);
        for await (const event of agent.ask(question, { signal })) {
          output.write(json ? encodeEvent(event) : renderEvent(event, colors));
        }
      } finally {
        agent.dispose();
      }
    });
}
