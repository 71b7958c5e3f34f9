import { createChatTemplate, createDecoder, decoderConfig, selectEngine, trainCompactTokenizer } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { createModelServer, type ModelServerOptions } from '../create-model-server.js';

/** A model with random weights, wide enough that its choices differ. */
export async function tinyModel() {
  await selectEngine({ engine: 'wasm' });
  const tokenizer = trainCompactTokenizer({
    texts: ['Peru is a country in South America. Its capital is Lima.'],
    specialTokens: ['<user>', '<assistant>'],
    maximumPieces: 16,
  });
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 16,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 256,
  });
  const decoder = createDecoder({ config, random: createRandom(1) });
  const chatTemplate = createChatTemplate({
    source: `{%- for message in messages -%}
      {%- if message.role == 'tool' -%}{{ raise_exception('no tools here') }}{%- endif -%}
      {{ '<' + message.role + '>' + message.content }}
    {%- endfor -%}
    {%- if add_generation_prompt -%}{{ '<assistant>' }}{%- endif -%}`,
  });
  return { name: 'tiny', tokenizer, decoder, chatTemplate };
}

export type TinyModel = Awaited<ReturnType<typeof tinyModel>>;

/** A server of it that logs nothing. */
export const tinyServer = (model: TinyModel, options: Partial<ModelServerOptions> = {}) =>
  createModelServer({ model, logger: () => undefined, ...options });

/** The objects of server-sent events, and what came last. */
export function readEvents(body: string): { chunks: Record<string, unknown>[]; last: string | undefined } {
  const data = body.split('\n\n').flatMap((event) => (event.startsWith('data: ') ? [event.slice(6)] : []));
  const last = data.at(-1);
  return { chunks: data.slice(0, -1).map((text) => JSON.parse(text) as Record<string, unknown>), last };
}
