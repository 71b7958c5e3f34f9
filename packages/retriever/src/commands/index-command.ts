import { ConfigError } from '@dgpo/trajectory';
import { Command, Option } from 'commander';
import { type BuildProgress, buildIndex } from '../build-index.js';
import { readCorpus } from '../corpus/read-corpus.js';
import type { VectorIndexOptions } from '../vector/create-vector-index.js';
import { chooseEncoder, encoderOptions } from './choose-encoder.js';
import { integerFrom, jsonOption, numberBetween } from './options.js';
import type { CliSurroundings } from './surroundings.js';

const doing = { passages: 'read', fit: 'weighed words', encode: 'encoded', index: 'indexed' } as const;

function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** One line for every tenth of a step's work, and for every 100,000 passages while their number is not known. */
function createReporter(write: (text: string) => void): (progress: BuildProgress) => void {
  let reported = '';
  return ({ step, done, total, rate, secondsLeft }) => {
    const mark = `${step} ${total === undefined ? Math.floor(done / 100_000) : Math.floor((10 * done) / total)}`;
    if (mark === reported || (total === undefined && done < 100_000)) return;
    reported = mark;
    const share = total === undefined ? '' : ` of ${total}`;
    const speed = rate === undefined ? '' : `, ${Math.round(rate)} a second`;
    const left = secondsLeft === undefined || done === total ? '' : `, ${formatDuration(secondsLeft)} left`;
    write(`${doing[step]} ${done}${share} passages${speed}${left}\n`);
  };
}

/** `dgpo-retriever index`: a corpus becomes an index directory. */
export function indexCommand({ writeOut, writeError, environment, signal }: CliSurroundings): Command {
  const command = new Command('index')
    .description('Build an index directory from a corpus. An interrupted build goes on where it stopped encoding.')
    .argument('<corpus>', 'JSONL (also .gz, .zst), parquet, a BEIR folder, or a folder of text and Markdown')
    .requiredOption('--out <dir>', 'directory to write; an index that is already there is replaced')
    .addOption(
      new Option(
        '--kind <kind>',
        'find by words (bm25), by vectors (flat: exact; hnsw: approximate; lancedb; qdrant), or both',
      )
        .choices(['bm25', 'flat', 'hnsw', 'lancedb', 'qdrant', 'hybrid'] as const)
        .default('bm25' as const),
    )
    .addOption(
      new Option('--format <format>', 'form of the corpus')
        .choices(['auto', 'jsonl', 'beir', 'parquet', 'text'] as const)
        .default('auto' as const),
    )
    .option('--skip-invalid', 'leave out malformed passages and say which')
    .option('--id-field <name>', 'field or column of the id')
    .option('--contents-field <name>', 'field or column that holds title line and text')
    .option('--title-field <name>', 'field or column of the title')
    .option('--text-field <name>', 'field or column of the text')
    .option('--chunk-size <number>', 'text: units of a passage', integerFrom(8), 256)
    .option('--chunk-overlap <number>', 'text: units that a passage repeats of the one before', integerFrom(0), 32)
    .addOption(
      new Option('--chunk-unit <unit>', 'text: what is counted; tokens need gpt-tokenizer')
        .choices(['tokens', 'words'] as const)
        .default('tokens' as const),
    )
    .option('--k1 <number>', 'bm25: saturation of repeated words', numberBetween(0, Number.MAX_VALUE), 0.9)
    .option('--b <number>', 'bm25: weight of passage length', numberBetween(0, 1), 0.4)
    .addOption(
      new Option('--idf <form>', 'bm25: form of the word weight')
        .choices(['lucene', 'robertson'] as const)
        .default('lucene' as const),
    );
  encoderOptions(command);
  return command
    .addOption(
      new Option('--vectors <kind>', 'hybrid: where the vectors lie')
        .choices(['flat', 'hnsw', 'lancedb', 'qdrant'] as const)
        .default('hnsw' as const),
    )
    .addOption(
      new Option('--precision <type>', 'flat: int8 takes a quarter of the memory and scores the best again in float32')
        .choices(['float32', 'int8'] as const)
        .default('float32' as const),
    )
    .option('--m <number>', 'hnsw: links of each vector', integerFrom(2), 16)
    .option('--ef-construction <number>', 'hnsw: candidates while building', integerFrom(1), 200)
    .option('--ef-search <number>', 'hnsw: candidates while searching', integerFrom(1), 64)
    .option('--lance-uri <uri>', 'lancedb: directory or address in object storage (default: inside the index)')
    .option('--qdrant-url <url>', 'qdrant: address of the server')
    .option('--qdrant-collection <name>', 'qdrant: collection to fill')
    .option('--qdrant-key-env <name>', 'qdrant: environment variable that holds its key')
    .addOption(jsonOption())
    .action(async (corpus, options) => {
      const { out, kind, k1, b, idf, json } = options;
      const fields = {
        ...(options.idField !== undefined && { id: options.idField }),
        ...(options.contentsField !== undefined && { contents: options.contentsField }),
        ...(options.titleField !== undefined && { title: options.titleField }),
        ...(options.textField !== undefined && { text: options.textField }),
      };
      const encoder = await chooseEncoder(options, environment);
      if (encoder !== undefined && kind === 'bm25') {
        throw new ConfigError(`--encoder ${options.encoder} has no effect with --kind bm25`);
      }
      let skipped = 0;
      const documents = readCorpus({
        path: corpus,
        format: options.format,
        fields,
        chunking: { size: options.chunkSize, overlap: options.chunkOverlap, unit: options.chunkUnit },
        skipInvalid: options.skipInvalid ?? false,
        onInvalid({ where, message, count }) {
          skipped = count;
          writeError(`left out ${where}: ${message}\n`);
        },
        signal,
      });
      const vectors: VectorIndexOptions = {
        ...(kind === 'hybrid' && { kind: options.vectors }),
        flat: { precision: options.precision },
        hnsw: { m: options.m, efConstruction: options.efConstruction, efSearch: options.efSearch },
        ...(options.lanceUri !== undefined && { lancedb: { uri: options.lanceUri } }),
        ...(options.qdrantUrl !== undefined && {
          qdrant: {
            url: options.qdrantUrl,
            collection: options.qdrantCollection ?? 'dgpo',
            ...(options.qdrantKeyEnv !== undefined && { apiKeyEnv: options.qdrantKeyEnv }),
          },
        }),
      };
      writeError(`reading ${corpus}\n`);
      const built = await buildIndex({
        documents,
        directory: out,
        kind,
        bm25: { k1, b, idf },
        vectors,
        ...(encoder && { encoder }),
        logger: (message) => writeError(`${message}\n`),
        onProgress: createReporter(writeError),
        signal,
      });
      if (json) {
        writeOut(`${JSON.stringify({ ...built, skipped })}\n`);
        return;
      }
      const left = skipped === 0 ? '' : ` (${skipped} left out)`;
      writeOut(
        `wrote ${out}: ${built.kind}, ${built.documents} passages${left}, fingerprint ${built.fingerprint.slice(0, 12)}\n`,
      );
    });
}
