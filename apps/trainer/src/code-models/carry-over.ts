import { type DecoderConfig, decoderConfig, type ModelWeights, parameterShapes, type Tokenizer } from '@dgpo/lm';
import { ModelError } from '@dgpo/trajectory';

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** For each token the tokens of the other vocabulary that it is made of: itself where both have it, else how the other spells it. */
function spellings(from: Tokenizer, to: Tokenizer): number[][] {
  const named = new Map(Object.entries(to.specialTokens).map(([name, id]) => [id, name]));
  const special = new Set(Object.values(from.specialTokens));
  const known = new Map<string, number>();
  for (let id = 0; id < from.vocabularySize; id++) {
    if (!special.has(id)) known.set(latin1(from.tokenBytes(id)), id);
  }
  return Array.from({ length: to.vocabularySize }, (_, id) => {
    const name = named.get(id);
    if (name !== undefined) return [from.specialTokens[name] ?? from.endOfTextId];
    const bytes = to.tokenBytes(id);
    const same = known.get(latin1(bytes));
    if (same !== undefined) return [same];
    const text = Buffer.from(bytes).toString();
    if (Buffer.from(text).equals(Buffer.from(bytes))) return from.encode(text);
    return [...bytes].map((byte) => known.get(String.fromCharCode(byte)) ?? from.endOfTextId);
  });
}

/**
 * The same decoder with another vocabulary and context, to train on: a token that both vocabularies have keeps its embedding, another one
 * gets the mean of those that the old vocabulary spells it with, and a special token without namesake that of the end of text.
 * @throws ModelError for a model that does not share its embeddings with its output, or has learned positions
 */
export function carryOver(options: { model: ModelWeights; tokenizer: Tokenizer; maxPositionEmbeddings: number }): {
  config: DecoderConfig;
  parameters: Float32Array;
} {
  const { model, tokenizer, maxPositionEmbeddings } = options;
  const { hiddenSize, tieWordEmbeddings, vocabularySize } = model.config;
  const shapes = parameterShapes(model.config);
  if (!tieWordEmbeddings || shapes.has('model.embed_positions.weight')) {
    throw new ModelError('expected tied embeddings and rotary positions', { where: 'carryOver' });
  }
  const config = decoderConfig({
    ...model.config,
    maxPositionEmbeddings,
    vocabularySize: tokenizer.vocabularySize,
  });
  const rest = model.parameters.subarray(vocabularySize * hiddenSize);
  const parameters = new Float32Array(config.vocabularySize * hiddenSize + rest.length);
  parameters.set(rest, config.vocabularySize * hiddenSize);
  for (const [id, parts] of spellings(model.tokenizer, tokenizer).entries()) {
    for (const part of parts) {
      for (let column = 0; column < hiddenSize; column++) {
        const place = id * hiddenSize + column;
        const value = model.parameters[part * hiddenSize + column] ?? 0;
        parameters[place] = (parameters[place] ?? 0) + value / parts.length;
      }
    }
  }
  return { config, parameters };
}
