import { ConfigError } from '@dgpo/trajectory';
import type { CliSurroundings } from './surroundings.js';

/**
 * The prompt of a command: the argument, or standard input where there is none or it is `-`. One newline at its end, which `echo`
 * adds, is left out.
 *
 * @throws {ConfigError} when there is none
 */
export async function readPrompt(
  argument: string | undefined,
  { input }: Pick<CliSurroundings, 'input'>,
): Promise<string> {
  if (argument !== undefined && argument !== '-') return argument;
  const source = input ?? process.stdin;
  if (argument === undefined && source.isTTY === true) {
    throw new ConfigError('give a prompt in quotes, or - to read it from standard input');
  }
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of source) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  text += decoder.decode();
  if (text.trim() === '') throw new ConfigError('the prompt from standard input is empty');
  return text.replace(/\r?\n$/, '');
}
