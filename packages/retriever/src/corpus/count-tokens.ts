import { ConfigError } from '@dgpo/trajectory';

/** Number of units, such as tokens or words, in a text. */
export type CountTokens = (text: string) => number;

interface GptTokenizer {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number;
}

// A name that TypeScript and bundlers do not follow: the package builds where the optional peer is not installed.
const moduleName: string = 'gpt-tokenizer/encoding/o200k_base';

/** Words between white space. */
export const countWords: CountTokens = (text) => text.match(/\S+/g)?.length ?? 0;

/**
 * Counts tokens of `o200k_base` with the optional peer `gpt-tokenizer`. Text that looks like a special token is counted as text.
 * @throws ConfigError when it is not installed.
 */
export async function loadTokenCounter(
  importTokenizer: () => Promise<GptTokenizer> = () => import(moduleName),
): Promise<CountTokens> {
  let tokenizer: GptTokenizer;
  try {
    tokenizer = await importTokenizer();
  } catch (cause) {
    throw new ConfigError(
      'texts are cut by tokens of gpt-tokenizer, which is not installed: run npm install gpt-tokenizer, or cut by words',
      { cause },
    );
  }
  const disallowedSpecial = new Set<string>();
  return (text) => tokenizer.countTokens(text, { disallowedSpecial });
}
