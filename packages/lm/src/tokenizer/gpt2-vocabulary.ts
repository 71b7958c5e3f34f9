import { ModelError } from '@dgpo/trajectory';
import { bytesToAlphabet } from './byte-alphabet.js';
import { createR50k } from './r50k.js';

const endOfText = '<|endoftext|>';

/** A `tokenizer.json` with GPT-2's pre-tokenizer. */
function byteLevelJson(vocab: object, merges: readonly string[], endOfTextId: number): object {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    added_tokens: [{ id: endOfTextId, content: endOfText, ...flags }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab, merges },
  };
}

/**
 * The `tokenizer.json` that GPT-2's older pair of files, `vocab.json` and `merges.txt`, amounts to.
 * @throws {ModelError} when the vocabulary has no `<|endoftext|>`.
 */
export function tokenizerJsonOfMerges(vocab: unknown, merges: string): object {
  const endOfTextId: unknown = typeof vocab === 'object' && vocab !== null ? Reflect.get(vocab, endOfText) : undefined;
  if (typeof vocab !== 'object' || vocab === null || typeof endOfTextId !== 'number') {
    throw new ModelError(`vocab.json has no ${endOfText}`);
  }
  const lines = merges.split(/\r?\n/).filter((line, index) => line !== '' && !(index === 0 && line.startsWith('#')));
  return byteLevelJson(vocab, lines, endOfTextId);
}

/** The `tokenizer.json` of GPT-2: the pieces of `r50k_base` in their order, then `<|endoftext|>`. */
export function gpt2TokenizerJson(): object {
  const r50k = createR50k();
  const spelled = Array.from({ length: r50k.size }, (_, id) => bytesToAlphabet(r50k.bytesOf(id)));
  const vocab = Object.fromEntries([...spelled, endOfText].map((text, id) => [text, id]));
  const merges: string[] = [];
  for (let id = 0; id < r50k.size; id++) {
    const [left, right] = r50k.partsOf(id) ?? [];
    if (left !== undefined && right !== undefined) merges.push(`${spelled[left]} ${spelled[right]}`);
  }
  return byteLevelJson(vocab, merges, r50k.size);
}
