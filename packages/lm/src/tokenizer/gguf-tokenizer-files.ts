import { ModelError } from '@dgpo/trajectory';
import type { GgufValue } from '../weights/gguf/metadata-value.js';
import { alphabetToBytes, bytesToAlphabet } from './byte-alphabet.js';
import { ggufPreTokenizers } from './gguf-pre-tokenizers.js';
import { type GgufVocabulary, readGgufVocabulary } from './gguf-vocabulary.js';

const types = { unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };
const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };

/** Control tokens are special, user-defined ones are vocabulary that is never cut. */
function addedTokens({ tokens, types: typeOf, bos, eos, pad }: GgufVocabulary): object[] {
  const named = new Set([bos, eos, pad]);
  return tokens.flatMap((content, id) => {
    const type = typeOf[id];
    const special = type === types.control || type === types.unknown || named.has(content);
    return special || type === types.userDefined ? [{ id, content, ...flags, special }] : [];
  });
}

const modelFields = { dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null };

function byteLevelParts(vocabulary: GgufVocabulary): object {
  const { tokens, types: typeOf, merges, pre } = vocabulary;
  if (pre === undefined) {
    throw new ModelError('tokenizer.ggml.pre is missing: how its vocabulary splits text is unknown; convert it anew');
  }
  const words = ggufPreTokenizers.get(pre);
  if (words === undefined) {
    const known = [...ggufPreTokenizers.keys()].join(', ');
    throw new ModelError(`tokenizer.ggml.pre is ${JSON.stringify(pre)}, which is not known; known are ${known}`);
  }
  const spell = (token: string) =>
    alphabetToBytes(token) === undefined ? bytesToAlphabet(new TextEncoder().encode(token)) : token;
  // Added tokens are spelled as they are; everything else is in the byte alphabet.
  const isAdded = (id: number) => [types.control, types.userDefined, types.unknown].includes(typeOf[id] ?? 1);
  const vocab = Object.fromEntries(tokens.map((token, id) => [isAdded(id) ? token : spell(token), id]));
  return {
    normalizer: words.normalizer,
    pre_tokenizer: words.preTokenizer,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      ...modelFields,
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: words.ignoreMerges,
      vocab,
      merges: merges.map((merge) => merge.split(' ')),
    },
  };
}

/**
 * The merges that scores amount to: every way to cut a token into two others, tokens of higher score first, then by the
 * lengths and ids of the parts. Source: `generate_merges` of transformers, which follows SentencePiece's own order.
 */
export function mergesOfScores(tokens: readonly string[], scores: readonly number[]): [string, string][] {
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const cuts = [...idOf].flatMap(([token, id]) => {
    const chars = Array.from(token);
    const found = chars.slice(1).flatMap((_, before) => {
      const left = chars.slice(0, before + 1).join('');
      const right = chars.slice(before + 1).join('');
      const ids = [idOf.get(left), idOf.get(right)] as const;
      if (ids[0] === undefined || ids[1] === undefined) return [];
      return [
        { left, right, ids: [ids[0], ids[1]] as const, length: before + 1, all: chars.length, score: scores[id] ?? 0 },
      ];
    });
    return found.sort((a, b) => a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1]);
  });
  // The sort is stable, so what is equal stays in the order above.
  cuts.sort((a, b) => b.score - a.score || b.length - a.length || b.all - b.length - (a.all - a.length));
  return cuts.map(({ left, right }) => [left, right]);
}

function sentencePieceParts(vocabulary: GgufVocabulary): object {
  const { tokens, scores, merges, addSpacePrefix, unknown } = vocabulary;
  if (merges.length === 0 && scores.length === 0) throw new ModelError('tokenizer.ggml.scores is missing');
  const unknownToken = unknown ?? tokens[vocabulary.types.indexOf(types.unknown)] ?? null;
  const strip = addSpacePrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  return {
    normalizer: null,
    pre_tokenizer: {
      type: 'Metaspace',
      replacement: '▁',
      prepend_scheme: addSpacePrefix ? 'first' : 'never',
      split: false,
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...strip,
      ],
    },
    model: {
      type: 'BPE',
      ...modelFields,
      unk_token: unknownToken,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.length > 0 ? merges.map((merge) => merge.split(' ')) : mergesOfScores(tokens, scores),
    },
  };
}

/** What `transformers` puts around a text by itself. */
function postProcessor({ tokens, bos, eos }: GgufVocabulary, addBos: boolean, addEos: boolean): object | null {
  const before = addBos && bos !== undefined ? [bos] : [];
  const after = addEos && eos !== undefined ? [eos] : [];
  if (before.length + after.length === 0) return null;
  const around = (...texts: object[]) => [
    ...before.map((id) => ({ SpecialToken: { id, type_id: 0 } })),
    ...texts,
    ...after.map((id) => ({ SpecialToken: { id, type_id: 0 } })),
  ];
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    type: 'TemplateProcessing',
    single: around(text('A', 0)),
    pair: around(text('A', 0), text('B', 1)),
    special_tokens: Object.fromEntries(
      [...before, ...after].map((id) => [id, { id, ids: [tokens.indexOf(id)], tokens: [id] }]),
    ),
  };
}

/**
 * The contents of `tokenizer.json` and `tokenizer_config.json` (with the chat template inside) for the vocabulary of a
 * GGUF file: byte-level BPE (`tokenizer.ggml.model` is `gpt2`), or SentencePiece (`llama`), whose scores become merges.
 *
 * @param metadata of the file, as `openGguf` reads it
 * @throws {ModelError} naming the key: another kind of vocabulary, an unknown `tokenizer.ggml.pre`, missing or damaged
 *   values, a token listed twice.
 */
export function ggufTokenizerFiles(metadata: ReadonlyMap<string, GgufValue>): {
  tokenizerJson: object;
  tokenizerConfig: object;
} {
  const vocabulary = readGgufVocabulary(metadata);
  const { model, tokens, bos, eos, pad, unknown, chatTemplate } = vocabulary;
  if (model !== 'gpt2' && model !== 'llama') {
    throw new ModelError(`tokenizer.ggml.model is ${JSON.stringify(model)}; only "gpt2" and "llama" are supported`);
  }
  const placeOf = new Map(tokens.map((token, id) => [token, id]));
  const repeated = tokens.find((token, id) => placeOf.get(token) !== id);
  if (repeated !== undefined) throw new ModelError(`tokenizer.ggml.tokens holds ${JSON.stringify(repeated)} twice`);
  // llama.cpp begins a SentencePiece text with BOS where the file does not say otherwise.
  const addBos = vocabulary.addBos ?? model === 'llama';
  const addEos = vocabulary.addEos ?? false;
  const parts = model === 'gpt2' ? byteLevelParts(vocabulary) : sentencePieceParts(vocabulary);
  const named = { bos_token: bos, eos_token: eos, unk_token: unknown, pad_token: pad ?? eos };
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(vocabulary),
      ...parts,
      post_processor: postProcessor(vocabulary, addBos, addEos),
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...Object.fromEntries(Object.entries(named).filter(([, token]) => token !== undefined)),
      add_bos_token: addBos,
      add_eos_token: addEos,
      clean_up_tokenization_spaces: false,
      ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
    },
  };
}
