import type {
  LoadOptions,
  TokenizedTexts,
  TransformersModule,
  TransformersTensor,
} from '../encode/transformers-module.js';

const tensor = (dims: readonly number[], data: ArrayLike<number | bigint>): TransformersTensor => ({
  dims,
  data,
  to: () => tensor(dims, Float32Array.from(data, Number)),
});

interface FakeInputs extends TokenizedTexts {
  rows: string[][];
}

/**
 * A stand-in for `@huggingface/transformers`: tokens are words, the vector of a word is `[its length, 1]`, padding is NaN, and a pair's
 * only logit is the number of words that both sides share.
 */
export function fakeTransformers({
  nameInConfig,
  maxLength,
  labels = 1,
}: {
  nameInConfig?: string;
  maxLength?: number;
  labels?: number;
} = {}) {
  const loads: { part: string; model: string; options: LoadOptions }[] = [];
  const batches: { texts: string[]; pairs: string[] | undefined; maxLength: number }[] = [];
  const state = { disposed: 0 };

  const tokenizer = Object.assign(
    (texts: string[], options: { max_length: number; text_pair?: string[] }): FakeInputs => {
      // How texts end is asked once, before anything else.
      if (options.max_length !== 16) batches.push({ texts, pairs: options.text_pair, maxLength: options.max_length });
      const rows = texts.map((text, row) => {
        const pair = options.text_pair?.[row];
        return (pair === undefined ? text : `${text} [SEP] ${pair}`).split(' ').slice(0, options.max_length);
      });
      const width = Math.max(...rows.map((row) => row.length));
      const mask = rows.flatMap((row) => Array.from({ length: width }, (_, at) => (at < row.length ? 1n : 0n)));
      const ids = BigInt64Array.from(
        rows.flatMap((row) => Array.from({ length: width }, (_, at) => BigInt(row[at]?.charCodeAt(0) ?? 0))),
      );
      const dims = [rows.length, width];
      return { rows, input_ids: { ...tensor(dims, ids), data: ids }, attention_mask: tensor(dims, mask) };
    },
    maxLength === undefined ? {} : { model_max_length: maxLength },
  );
  const network = (compute: (rows: string[][]) => Record<string, TransformersTensor>) =>
    Object.assign((inputs: TokenizedTexts) => Promise.resolve(compute((inputs as FakeInputs).rows)), {
      config: nameInConfig === undefined ? {} : { _name_or_path: nameInConfig },
      dispose: () => Promise.resolve(state.disposed++),
    });
  const loader = <Part>(part: string, value: Part) => ({
    from_pretrained(model: string, options: LoadOptions) {
      loads.push({ part, model, options });
      return Promise.resolve(value);
    },
  });

  const module: TransformersModule = {
    AutoTokenizer: loader('tokenizer', tokenizer),
    AutoModel: loader(
      'model',
      network((rows) => {
        const width = Math.max(...rows.map((row) => row.length));
        const data = rows.flatMap((row) =>
          Array.from({ length: width }, (_, at) => {
            const word = row[at];
            return word === undefined ? [Number.NaN, Number.NaN] : [word.length, 1];
          }).flat(),
        );
        return { last_hidden_state: tensor([rows.length, width, 2], Float32Array.from(data)) };
      }),
    ),
    AutoModelForSequenceClassification: loader(
      'classifier',
      network((rows) => {
        const data = rows.flatMap((row) => {
          const border = row.indexOf('[SEP]');
          const left = new Set(row.slice(0, border));
          const shared = row.slice(border + 1).filter((word) => left.has(word)).length;
          return labels === 1 ? [shared] : Array.from({ length: labels }, (_, label) => label * shared);
        });
        return { logits: tensor([rows.length, labels], data) };
      }),
    ),
  };
  return { _internal: { importTransformers: () => Promise.resolve(module) }, loads, batches, state };
}
