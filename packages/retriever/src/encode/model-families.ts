/** How the vectors of a text's tokens become its vector. */
export type Pooling = 'mean' | 'cls';

/** What a family of embedding models was trained with. */
export interface ModelFamily {
  name: 'e5' | 'bge' | 'bge-zh' | 'bge-m3' | 'minilm' | 'gte' | 'gte-v1.5' | 'default';
  /** Put in front of a query, as it stands. */
  queryPrefix: string;
  /** Put in front of a passage, as it stands. */
  passagePrefix: string;
  pooling: Pooling;
  /** Whether vectors are scaled to length 1. */
  normalize: boolean;
  /** Longer texts are cut; special tokens count. */
  maxTokens: number;
}

const plain = { queryPrefix: '', passagePrefix: '', normalize: true } as const;

const unknown: ModelFamily = { ...plain, name: 'default', pooling: 'mean', maxTokens: 512 };

const families: readonly { pattern: RegExp; family: ModelFamily }[] = [
  {
    // Not e5-mistral (pools the last token) and not the -instruct models (an instruction for each task).
    pattern: /(^|[-_])e5[-_](?!mistral)(?!.*instruct)/,
    family: {
      ...{ name: 'e5', queryPrefix: 'query: ', passagePrefix: 'passage: ', pooling: 'mean' },
      ...{ normalize: true, maxTokens: 512 },
    },
  },
  { pattern: /(^|[-_])bge[-_]m3/, family: { ...plain, name: 'bge-m3', pooling: 'cls', maxTokens: 8192 } },
  {
    pattern: /(^|[-_])bge[-_].*[-_]zh/,
    family: {
      ...{ ...plain, name: 'bge-zh', pooling: 'cls', maxTokens: 512 },
      queryPrefix: '为这个句子生成表示以用于检索相关文章：',
    },
  },
  {
    pattern: /(^|[-_])bge[-_](small|base|large)/,
    family: {
      ...{ ...plain, name: 'bge', pooling: 'cls', maxTokens: 512 },
      queryPrefix: 'Represent this sentence for searching relevant passages: ',
    },
  },
  {
    pattern: /(^|[-_])gte[-_](multilingual|modernbert|.*v1\.5)/,
    family: { ...plain, name: 'gte-v1.5', pooling: 'cls', maxTokens: 8192 },
  },
  {
    pattern: /(^|[-_])gte[-_](tiny|small|base|large)/,
    family: { ...plain, name: 'gte', pooling: 'mean', maxTokens: 512 },
  },
  { pattern: /minilm/, family: { ...plain, name: 'minilm', pooling: 'mean', maxTokens: 256 } },
];

/**
 * The family of a model, by the last part of the first name that says it: a hub name, a folder, `_name_or_path` of its
 * `config.json`. Sources, all on https://huggingface.co:
 *
 * | family | prefixes and pooling as in the model card of |
 * | --- | --- |
 * | `e5` | `intfloat/e5-base-v2`, `intfloat/multilingual-e5-base`; also what Search-R1's retriever does |
 * | `bge`, `bge-zh` | `BAAI/bge-base-en-v1.5`, `BAAI/bge-base-zh-v1.5`: an instruction before queries only, the vector of `[CLS]` |
 * | `bge-m3` | `BAAI/bge-m3`: no instruction, the vector of `[CLS]` |
 * | `minilm` | `sentence-transformers/all-MiniLM-L6-v2`: mean, 256 tokens |
 * | `gte` | `thenlper/gte-base`: mean |
 * | `gte-v1.5` | `Alibaba-NLP/gte-base-en-v1.5`, `gte-multilingual-base`, `gte-modernbert-base`: the vector of `[CLS]` |
 * | `default` | everything else: mean, no prefixes, as sentence-transformers treats a bare model |
 */
export function recognizeFamily(names: readonly (string | undefined)[]): ModelFamily {
  for (const name of names) {
    const last = name?.toLowerCase().split(/[/\\]/).filter(Boolean).at(-1) ?? '';
    const found = families.find(({ pattern }) => pattern.test(last));
    if (found !== undefined) return found.family;
  }
  return unknown;
}
