import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { Interrupted } from '../command-line/interrupted.js';
import { conversationTokens } from '../generate/conversation-tokens.js';
import { generateText } from '../generate/generate-text.js';
import { type OpenModel, openModel } from '../generate/open-model.js';
import { engineOption, fractionUpTo1, integerFrom, jsonOption, nonNegativeNumber, seedOption } from './options.js';
import { printJson } from './print-json.js';
import { readPrompt } from './read-prompt.js';
import type { CliSurroundings } from './surroundings.js';

/** The ids of a prompt, as a user message of a conversation where `chat` is set. */
function promptTokens(
  { tokenizer, chatTemplate, name }: OpenModel,
  { prompt, chat, system }: { prompt: string; chat: boolean; system?: string | undefined },
): number[] {
  if (!chat) return tokenizer.encode(prompt);
  if (chatTemplate === undefined) {
    throw new ConfigError('this model has no chat template; leave --chat out', { where: name });
  }
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt },
  ];
  return conversationTokens({ messages, template: chatTemplate, tokenizer });
}

/** `dgpo generate`: the continuation of a prompt. */
export function generateCommand(surroundings: CliSurroundings): Command {
  const { output, signal, workingDirectory } = surroundings;
  return new Command('generate')
    .description('Continue a prompt with a model, token by token.')
    .argument('[prompt]', 'the text, in quotes; without it or with -, standard input')
    .requiredOption('--model <model>', 'model folder, .gguf file, or org/name on the Hugging Face hub')
    .addOption(engineOption())
    .optionsGroup('What is written:')
    .option('--max-tokens <number>', 'tokens at most', integerFrom(1), 64)
    .option('--stop <text>', 'ends before this text; repeatable', (text, texts: string[]) => [...texts, text], [])
    .option('--chat', "the prompt is a user message in the model's chat template")
    .option('--system <text>', 'system message, with --chat')
    .optionsGroup('How it is drawn:')
    .option('--temperature <number>', 'of sampling; 0 is greedy', nonNegativeNumber, 0)
    .option('--top-p <number>', 'only the most probable tokens with this probability together', fractionUpTo1)
    .option('--top-k <number>', 'only this many of the most probable tokens; 0 for all', integerFrom(0))
    .option('--min-p <number>', 'only tokens with this part of the highest probability', fractionUpTo1)
    .addOption(seedOption())
    .optionsGroup('Output:')
    .option('--logprobs', 'one line for each token: its log-probability and its text')
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (argument, options) => {
      const { maxTokens, temperature, topP, topK, minP, seed, stop, chat, system, logprobs, json } = options;
      if (system !== undefined && chat !== true) throw new ConfigError('--system needs --chat');
      if (stop.includes('')) throw new ConfigError('--stop is empty');
      const prompt = await readPrompt(argument, surroundings);
      if (prompt === '') throw new ConfigError('the prompt is empty');
      const model = await openModel({ model: options.model, engine: options.engine, workingDirectory, signal });
      try {
        const started = performance.now();
        const promptTokenIds = promptTokens(model, { prompt, chat: chat === true, system });
        const generated = await generateText({
          model,
          promptTokenIds,
          maxTokens,
          temperature,
          seed,
          stop,
          signal,
          ...(topP === undefined ? {} : { topP }),
          ...(topK === undefined ? {} : { topK }),
          ...(minP === undefined ? {} : { minP }),
          onText: (text) => {
            if (!json && !logprobs) output.write(text);
          },
          onToken: (id, logProb) => {
            if (!json && logprobs) {
              output.write(`${logProb.toFixed(4)}\t${JSON.stringify(model.tokenizer.decode([id]))}\n`);
            }
          },
        });
        if (!json && !logprobs) output.write('\n');
        if (signal.aborted) throw new Interrupted(`after ${generated.tokenIds.length} tokens`);
        if (!json) return;
        const completion = generated.tokenIds.length;
        printJson(output, {
          text: generated.text,
          token_ids: generated.tokenIds,
          logprobs: generated.logProbs,
          finish_reason: generated.finishReason,
          usage: {
            prompt_tokens: promptTokenIds.length,
            completion_tokens: completion,
            total_tokens: promptTokenIds.length + completion,
          },
          seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
        });
      } finally {
        model.dispose();
      }
    });
}
