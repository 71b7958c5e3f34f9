import { decoderConfig, estimateModelMemory, memoryRemedies, parameterCount } from '@dgpo/lm';

const smol = { vocabularySize: 49_152, headDim: 64, maxPositionEmbeddings: 8192 };
const qwen = { vocabularySize: 151_936 };

/** Sizes from the `config.json` of each model. */
export const models = {
  gpt2: {
    modelType: 'gpt2',
    vocabularySize: 50_257,
    hiddenSize: 768,
    numHiddenLayers: 12,
    numAttentionHeads: 12,
    maxPositionEmbeddings: 1024,
  },
  'SmolLM2-135M': {
    ...smol,
    hiddenSize: 576,
    intermediateSize: 1536,
    numHiddenLayers: 30,
    numAttentionHeads: 9,
    numKeyValueHeads: 3,
  },
  'SmolLM2-360M': {
    ...smol,
    hiddenSize: 960,
    intermediateSize: 2560,
    numHiddenLayers: 32,
    numAttentionHeads: 15,
    numKeyValueHeads: 5,
  },
  'Qwen2.5-0.5B': {
    ...qwen,
    modelType: 'qwen2',
    hiddenSize: 896,
    intermediateSize: 4864,
    numHiddenLayers: 24,
    numAttentionHeads: 14,
    numKeyValueHeads: 2,
    maxPositionEmbeddings: 32_768,
  },
  'Qwen3-0.6B': {
    ...qwen,
    modelType: 'qwen3',
    hiddenSize: 1024,
    intermediateSize: 3072,
    numHiddenLayers: 28,
    numAttentionHeads: 16,
    numKeyValueHeads: 8,
    headDim: 128,
    maxPositionEmbeddings: 40_960,
  },
  'Llama-3.2-1B': {
    vocabularySize: 128_256,
    hiddenSize: 2048,
    intermediateSize: 8192,
    numHiddenLayers: 16,
    numAttentionHeads: 32,
    numKeyValueHeads: 8,
    maxPositionEmbeddings: 131_072,
  },
};

const modes = {
  sample: { mode: 'sample', batchSize: 8, sequenceLength: 1024 },
  LoRA: { mode: 'lora', batchSize: 1, sequenceLength: 512, lora: { rank: 16 } },
  full: { mode: 'full', batchSize: 1, sequenceLength: 512 },
};

const gibibytes = (bytes) => (bytes / 2 ** 30).toFixed(1);

function cell(options) {
  const { heap, fits } = estimateModelMemory(options);
  if (fits) return gibibytes(heap);
  const own = memoryRemedies(options).filter(({ change }) => change.engine === undefined && change.mode === undefined);
  return own.length > 0 ? `no: ${gibibytes(heap)}; fits with ${own[0].text}` : `no: ${gibibytes(heap)}`;
}

/** The table model × engine × (sample, LoRA, full), in Markdown. */
export function memoryTable() {
  const engines = { wasm: 'wasm', 'tensorflow, webgpu': 'tensorflow' };
  const columns = Object.entries(engines).flatMap(([label, engine]) =>
    Object.entries(modes).map(([name, mode]) => ({ title: `${label}: ${name}`, engine, mode })),
  );
  const rows = Object.entries(models).map(([name, sizes]) => {
    const config = decoderConfig(sizes);
    const cells = columns.map(({ engine, mode }) => cell({ config, engine, ...mode }));
    const optimizer = estimateModelMemory({ config, engine: 'wasm', ...modes.full }).optimizer;
    return [name, `${Math.round(parameterCount(config) / 1e6)} M`, ...cells, gibibytes(optimizer)];
  });
  const head = ['model', 'parameters', ...columns.map(({ title }) => title), 'optimizer: full'];
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('');
}

const begin = '<!-- memory:begin -->\n';
const end = '<!-- memory:end -->';

/** The page with the table between its markers. */
export function withTable(page) {
  const start = page.indexOf(begin);
  const stop = page.indexOf(end);
  if (start < 0 || stop < start) throw new Error('docs/memory.md has lost its markers');
  return `${page.slice(0, start)}${begin}\n${memoryTable()}\n${page.slice(stop)}`;
}
