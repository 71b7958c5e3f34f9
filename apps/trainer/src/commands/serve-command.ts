import { once } from 'node:events';
import { Command } from 'commander';
import { openModel } from '../generate/open-model.js';
import { createModelServer } from '../serve/create-model-server.js';
import { serveModel } from '../serve/serve-model.js';
import { engineOption, integerFrom, jsonOption, seedOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo serve`: a model behind OpenAI's API, until it is interrupted. */
export function serveCommand(surroundings: CliSurroundings): Command {
  const { output, errors, environment, signal, workingDirectory } = surroundings;
  return new Command('serve')
    .description("Serve a model over HTTP to clients of OpenAI's API.")
    .argument('<checkpoint>', 'model folder, .gguf file, or org/name on the Hugging Face hub')
    .optionsGroup('Where it listens:')
    .option('--host <address>', 'beyond loopback, an API key is required', '127.0.0.1')
    .option('--port <number>', '0 takes a free one', integerFrom(0), 8000)
    .option('--api-key <key>', 'clients send it as bearer token; better in the variable DGPO_API_KEY')
    .option('--name <name>', 'what clients call the model; otherwise the last part of its path')
    .optionsGroup('How it answers:')
    .option('--max-context <number>', 'tokens of prompt and answer; at most 2048 unless given', integerFrom(1))
    .option('--max-batch <number>', 'sequences sampled side by side', integerFrom(1), 8)
    .option('--max-queue <number>', 'sequences that may wait; then clients get 429', integerFrom(1), 64)
    .option('--timeout <seconds>', 'that an answer may take', integerFrom(1), 600)
    .addOption(seedOption())
    .addOption(engineOption())
    .optionsGroup('Output:')
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (checkpoint, options) => {
      const { host, port, maxContext, maxBatch, maxQueue, timeout, seed, json } = options;
      const apiKey = options.apiKey ?? environment.DGPO_API_KEY;
      const model = await openModel({
        model: checkpoint,
        engine: options.engine,
        workingDirectory,
        signal,
        sequences: maxBatch,
        contextTokens: maxContext ?? 2048,
      });
      try {
        const server = createModelServer({
          model: { ...model, name: options.name ?? model.name },
          maxBatch,
          maxQueue,
          timeout: timeout * 1000,
          seed,
          ...(maxContext === undefined ? {} : { maxContextTokens: maxContext }),
          ...(apiKey === undefined ? {} : { apiKey }),
          logger: (message) => errors.write(`${message}\n`),
        });
        const running = await serveModel({ server, host, port });
        const { engine } = model;
        if (json) printJson(output, { url: running.url, model: options.name ?? model.name, engine: engine.name });
        else {
          output.write(
            `serving ${options.name ?? model.name} at ${running.url}/v1 (engine ${engine.name}); Ctrl-C stops\n`,
          );
        }
        if (!signal.aborted) await once(signal, 'abort');
        await running.close();
        server.dispose();
        errors.write('stopped\n');
      } finally {
        model.dispose();
      }
    });
}
