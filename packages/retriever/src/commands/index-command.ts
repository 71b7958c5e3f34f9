import { Command, Option } from 'commander';
import { loadCorpus } from '../corpus/read-corpus.js';
import { createRetriever } from '../create-retriever.js';
import { integerFrom, jsonOption, kindOption, numberBetween } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-retriever index`: a corpus file becomes an index directory. */
export function indexCommand({ writeOut, writeError, signal }: CliSurroundings): Command {
  return new Command('index')
    .description('Build an index directory from a corpus (JSONL: {"id", "contents"}).')
    .argument('<corpus>', 'corpus, one passage a line; contents begin with the title line')
    .requiredOption('--out <dir>', 'directory to write; an index that is already there is replaced')
    .addOption(kindOption())
    .option('--k1 <number>', 'bm25: saturation of repeated words', numberBetween(0, Number.MAX_VALUE), 0.9)
    .option('--b <number>', 'bm25: weight of passage length', numberBetween(0, 1), 0.4)
    .addOption(
      new Option('--idf <form>', 'bm25: form of the word weight')
        .choices(['lucene', 'robertson'] as const)
        .default('lucene' as const),
    )
    .option('--m <number>', 'hnsw: links of each vector', integerFrom(2), 16)
    .option('--ef-construction <number>', 'hnsw: candidates while building', integerFrom(1), 200)
    .option('--ef-search <number>', 'hnsw: candidates while searching', integerFrom(1), 64)
    .addOption(jsonOption())
    .action(async (corpus, options) => {
      const { out, kind, k1, b, idf, m, efConstruction, efSearch, json } = options;
      writeError(`reading ${corpus}\n`);
      const documents = await loadCorpus({ path: corpus });
      writeError(`${documents.length} passages; building a ${kind} index\n`);
      let reported = '';
      const retriever = await createRetriever({
        documents,
        kind,
        bm25: { k1, b, idf },
        hnsw: { m, efConstruction, efSearch },
        logger: (message) => writeError(`${message}\n`),
        signal,
        onProgress({ step, done, total }) {
          const line = `${step === 'encode' ? 'encoded' : 'added to the graph'} ${Math.floor((10 * done) / total) * 10} %\n`;
          if (line !== reported) writeError(line);
          reported = line;
        },
      });
      signal.throwIfAborted();
      await retriever.save(out);
      const { fingerprint } = retriever;
      const result = { directory: out, kind: retriever.kind, documents: documents.length, fingerprint };
      writeOut(
        json
          ? `${JSON.stringify(result)}\n`
          : `wrote ${out}: ${result.kind}, ${result.documents} passages, fingerprint ${fingerprint.slice(0, 12)}\n`,
      );
    });
}
