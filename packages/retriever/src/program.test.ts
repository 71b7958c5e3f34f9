import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRetrieverClient } from './client/create-retriever-client.js';
import { createProgram, runProgram } from './program.js';

const fixture = fileURLToPath(new URL('./__fixtures__/hotpotqa-12/', import.meta.url));
const corpus = join(fixture, 'corpus.jsonl');
const questions = join(fixture, 'questions.jsonl');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-retriever-cli-'));
});
afterAll(() => rm(root, { recursive: true }));

function surroundings(environment: Record<string, string> = {}, signal = new AbortController().signal) {
  const text = { out: '', error: '' };
  return {
    text,
    environment,
    signal,
    writeOut: (part: string) => {
      text.out += part;
    },
    writeError: (part: string) => {
      text.error += part;
    },
  };
}

async function run(words: string[], environment?: Record<string, string>) {
  const around = surroundings(environment);
  return { code: await runProgram(words, around), ...around.text };
}

async function until(condition: () => boolean) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('dgpo-retriever', () => {
  it.each(['bm25', 'flat', 'hnsw'])('indexes, queries and evaluates with %s', async (kind) => {
    const out = join(root, kind);
    const indexed = await run(['index', corpus, '--out', out, '--kind', kind, '--json']);
    expect(indexed.code).toBe(0);
    expect(JSON.parse(indexed.out)).toMatchObject({ directory: out, documents: 120 });
    expect(indexed.error).toMatch(/^reading .*corpus\.jsonl\n/);

    const queried = await run(['query', out, 'If Gallu is a demon Lilu is what?', '--topk', '2', '--json']);
    expect(queried.code).toBe(0);
    const { result } = JSON.parse(queried.out) as { result: { document: { contents: string } }[] };
    expect(result).toHaveLength(2);
    expect(result[0]?.document.contents).toMatch(/^"(Alû|Lilu \(mythology\))"\n/);

    const evaluated = await run(['eval', out, '--questions', questions, '--cutoffs', '3', '--json']);
    expect(JSON.parse(evaluated.out)).toMatchObject({ questions: 12, cutoffs: [{ k: 3 }] });
  });

  it('prints for people', async () => {
    const evaluated = await run(['eval', corpus, '--questions', questions]);
    expect(evaluated.out).toMatchInlineSnapshot(`
      "12 questions with supporting titles, 9 with an answer to look for
       k  recall    any    all   ndcg    mrr    map  answer
       1   0.375  0.750  0.000  0.750  0.750  0.375   0.333
       3   0.792  1.000  0.583  0.755  0.861  0.681   0.778
       5   0.958  1.000  0.917  0.841  0.861  0.760   0.889
      10   0.958  1.000  0.917  0.841  0.861  0.760   0.889
      "
    `);
    const queried = await run(['query', corpus, 'Akkadian spirit', '--topk', '1']);
    expect(queried.out).toMatch(
      /^1\. Alû {2}\(id 9, score \d+\.\d{3}\)\n {3}In Akkadian and Sumerian mythology, Alû is/,
    );
    expect((await run(['query', corpus, 'zzz'])).out).toBe('nothing found\n');
  });

  it('serves until it is interrupted, and query asks the server', async () => {
    const controller = new AbortController();
    const around = surroundings({ TOKEN: 'abc' }, controller.signal);
    const words = ['serve', corpus, '--port', '0', '--topk', '2', '--token-env', 'TOKEN', '--json'];
    const served = runProgram(words, around);
    await until(() => around.text.out.includes('\n'));
    const { url, documents } = JSON.parse(around.text.out) as { url: string; documents: number };
    expect(documents).toBe(120);
    const answers = await createRetrieverClient({ url, token: 'abc' }).retrieve({ queries: ['Akkadian'], topK: 1 });
    expect(answers[0]?.[0]?.document.id).toMatch(/^(5|9)$/);
    const queried = await run(['query', url, 'Akkadian spirit', '--token-env', 'T', '--json'], { T: 'abc' });
    expect(JSON.parse(queried.out)).toMatchObject({
      query: 'Akkadian spirit',
      result: [{ document: { id: '9' } }, { document: { id: '5' } }, {}],
    });
    expect(await run(['query', url, 'x'])).toMatchObject({ code: 1, error: expect.stringMatching(/401/) });
    controller.abort();
    expect(await served).toBe(0);
    expect(around.text.error).toBe('stopped\n');
  });

  it.each([
    [['index', 'absent.jsonl', '--out', 'x'], 2, /absent\.jsonl: .*no such file/],
    [['index', corpus], 2, /required option '--out <dir>'/],
    [['index', corpus, '--out', 'x', '--kind', 'faiss'], 2, /Allowed choices are bm25, flat, hnsw/],
    [['index', corpus, '--out', fixture], 1, /is not an index; choose another/],
    [['index', corpus, '--out', 'x', '--b', '2'], 2, /between 0 and 1/],
    [['query', corpus], 2, /missing required argument 'text'/],
    [['query', 'absent', 'x'], 2, /absent: there is no such index directory or corpus file/],
    [['query', fixture, 'x'], 1, /hotpotqa-12.*: there is no index here/],
    [['query', corpus, 'x', '--topk', '0'], 2, /integer of at least 1/],
    [['serve'], 2, /missing required argument 'source'/],
    [['serve', 'http://127.0.0.1:1'], 2, /not a server/],
    [['serve', corpus, '--host', '0.0.0.0'], 2, /--token-env/],
    [['serve', corpus, '--token-env', 'ABSENT'], 2, /ABSENT is not set/],
    [['eval', corpus, '--questions', corpus], 2, /corpus\.jsonl:1: /],
    [['eval', corpus, '--questions', questions, '--cutoffs', '3,x'], 2, /integer of at least 1/],
    [['bogus'], 2, /unknown command 'bogus'/],
    [['query', corpus, 'x', '--bogus'], 2, /unknown option '--bogus'/],
  ])('answers %j with exit code %i and one line', async (words, code, message) => {
    const result = await run(words);
    expect(result.code).toBe(code);
    const last = result.error.split('\n').filter((line) => !/^(reading|\d+ passages)/.test(line));
    expect(last).toHaveLength(2);
    expect(last[0]).toMatch(/^error: /);
    expect(last[0]).toMatch(message);
    expect(result.out).toBe('');
  });

  it('names the line of a malformed corpus and writes nothing', async () => {
    const bad = join(root, 'bad.jsonl');
    await writeFile(bad, '{"id": "1", "contents": "x"}\n{"id": "2"}\n');
    const result = await run(['index', bad, '--out', join(root, 'never')]);
    expect(result).toMatchObject({ code: 2, error: expect.stringMatching(/bad\.jsonl:2: .*needs contents/) });
    expect(await readdir(root)).not.toContain('never');
  });

  it('stops early when interrupted', async () => {
    const around = surroundings({}, AbortSignal.abort());
    const out = join(root, 'interrupted');
    expect(await runProgram(['index', corpus, '--out', out], around)).toBe(130);
    expect(around.text.error).toMatch(/interrupted\n$/);
    expect(await readdir(root)).not.toContain('interrupted');
  });

  it('ends cleanly on Ctrl-C as a process', async () => {
    const program = fileURLToPath(new URL('./cli.ts', import.meta.url));
    const node = ['--import', 'tsx', '--conditions=@dgpo/source', program];
    const child = spawn(process.execPath, [...node, 'serve', corpus, '--port', '0', '--json']);
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(() => out.includes('\n') || child.exitCode !== null);
    expect((JSON.parse(out) as { url: string }).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(error).toBe('stopped\n');
  });
});

describe('help', () => {
  const help = async (words: string[]) => {
    const { code, out } = await run([...words, '--help']);
    expect(code).toBe(0);
    return `\n${out}`;
  };

  it('has a version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(createProgram(surroundings()).commands.map((command) => command.name())).toEqual([
      'index',
      'serve',
      'query',
      'eval',
      'mcp',
    ]);
  });

  it('dgpo-retriever --help', async () => {
    expect(await help([])).toMatchInlineSnapshot(`
      "
      Usage: dgpo-retriever [options] [command]

      Index a corpus, search it, serve it to search agents and measure what it finds.

      Options:
        -V, --version                    output the version number
        -h, --help                       display help for command

      Commands:
        index [options] <corpus>         Build an index directory from a corpus. An interrupted build goes
                                         on where it stopped encoding.
        serve [options] <source>         Serve an index as POST /retrieve (the Search-R1 contract); GET
                                         /openapi.json lists the other routes.
        query [options] <source> <text>  Print the passages found for one query.
        eval [options] [source]          Measure a retriever, or a TREC run, by the measures of trec_eval
                                         and by answer recall.
        mcp [options] <source>           Offer search to an MCP client (Claude, editors, agents) over
                                         standard input and output.
        help [command]                   display help for command

      Exit codes: 0 success, 1 failure, 2 bad input, 130 interrupted.
      "
    `);
  });

  it('dgpo-retriever index --help', async () => {
    expect(await help(['index'])).toMatchInlineSnapshot(`
      "
      Usage: dgpo-retriever index [options] <corpus>

      Build an index directory from a corpus. An interrupted build goes on where it stopped encoding.

      Arguments:
        corpus                      JSONL (also .gz, .zst), parquet, a BEIR folder, or a folder of text
                                    and Markdown

      Options:
        --out <dir>                 directory to write; an index that is already there is replaced
        --kind <kind>               find by words (bm25), by vectors (flat: exact; hnsw: approximate;
                                    lancedb; qdrant), or both (choices: "bm25", "flat", "hnsw", "lancedb",
                                    "qdrant", "hybrid", default: "bm25")
        --format <format>           form of the corpus (choices: "auto", "jsonl", "beir", "parquet",
                                    "text", default: "auto")
        --skip-invalid              leave out malformed passages and say which
        --id-field <name>           field or column of the id
        --contents-field <name>     field or column that holds title line and text
        --title-field <name>        field or column of the title
        --text-field <name>         field or column of the text
        --chunk-size <number>       text: units of a passage (default: 256)
        --chunk-overlap <number>    text: units that a passage repeats of the one before (default: 32)
        --chunk-unit <unit>         text: what is counted; tokens need gpt-tokenizer (choices: "tokens",
                                    "words", default: "tokens")
        --k1 <number>               bm25: saturation of repeated words (default: 0.9)
        --b <number>                bm25: weight of passage length (default: 0.4)
        --idf <form>                bm25: form of the word weight (choices: "lucene", "robertson",
                                    default: "lucene")
        --encoder <kind>            hashed needs no model; transformers runs one here; openai and tei ask
                                    a server (choices: "hashed", "transformers", "openai", "tei", default:
                                    "hashed")
        --model <name>              transformers: folder or hub name of the model; openai, tei: its name
        --dtype <type>              transformers: fp32, fp16, q8, q4, …
        --pooling <way>             transformers: how token vectors become one (choices: "mean", "cls")
        --max-tokens <number>       transformers: tokens of a passage that are read
        --query-prefix <text>       put before every query (default: as the model was trained)
        --passage-prefix <text>     put before every passage (default: as the model was trained)
        --encoder-url <url>         openai, tei: address of the server
        --encoder-token-env <name>  openai, tei: environment variable that holds its key
        --batch-size <number>       passages encoded at once
        --vectors <kind>            hybrid: where the vectors lie (choices: "flat", "hnsw", "lancedb",
                                    "qdrant", default: "hnsw")
        --precision <type>          flat: int8 takes a quarter of the memory and scores the best again in
                                    float32 (choices: "float32", "int8", default: "float32")
        --m <number>                hnsw: links of each vector (default: 16)
        --ef-construction <number>  hnsw: candidates while building (default: 200)
        --ef-search <number>        hnsw: candidates while searching (default: 64)
        --lance-uri <uri>           lancedb: directory or address in object storage (default: inside the
                                    index)
        --qdrant-url <url>          qdrant: address of the server
        --qdrant-collection <name>  qdrant: collection to fill
        --qdrant-key-env <name>     qdrant: environment variable that holds its key
        --json                      print one JSON object to stdout
        -h, --help                  display help for command
      "
    `);
  });

  it('dgpo-retriever serve --help', async () => {
    expect(await help(['serve'])).toMatchInlineSnapshot(`
      "
      Usage: dgpo-retriever serve [options] <source>

      Serve an index as POST /retrieve (the Search-R1 contract); GET /openapi.json lists the other routes.

      Arguments:
        source                        index directory, corpus file (indexed in memory with bm25),
                                      searxng:URL, serpapi or json:FILE

      Options:
        --host <address>              address to listen at; beyond loopback a token is required (default:
                                      "127.0.0.1")
        --port <number>               port to listen at; 0 takes a free one (default: 8000)
        --topk <number>               passages for each query when the request does not say (default: 3)
        --max-topk <number>           the most passages a request may ask for (default: 1000)
        --max-queries <number>        the most queries of one request (default: 4096)
        --max-batch <number>          the most queries of several requests searched at once (default: 512)
        --batch-wait <milliseconds>   how long a batch waits for more requests (default: 0)
        --max-queue <number>          unanswered requests beyond which the server says 429 (default: 1024)
        --cache <number>              answers kept in memory; 0 keeps none (default: 10000)
        --timeout <milliseconds>      how long one request may take before it is answered 503 (default:
                                      30000)
        --grace <milliseconds>        how long a shutdown waits for requests in progress (default: 5000)
        --rerank <url>                server that scores passages: Search-R1 or this one; opens POST
                                      /rerank
        --rerank-model <name>         cross-encoder that scores passages here (folder or hub name); opens
                                      POST /rerank
        --rerank-candidates <number>  rerank so many passages of every search too
        --mcp                         offer the MCP tool \`search\` at /mcp (default: false)
        --open-metrics                answer /metrics without the token (default: false)
        --token-env <name>            environment variable that holds the bearer token of the server
        --json                        print one JSON object to stdout
        -h, --help                    display help for command
      "
    `);
  });

  it('dgpo-retriever query --help', async () => {
    expect(await help(['query'])).toMatchInlineSnapshot(`
      "
      Usage: dgpo-retriever query [options] <source> <text>

      Print the passages found for one query.

      Arguments:
        source              index directory, corpus file, URL of a server, searxng:URL, serpapi or
                            json:FILE
        text                the query

      Options:
        --token-env <name>  environment variable that holds the bearer token of the server
        --topk <number>     passages to print (default: 3)
        --json              print one JSON object to stdout
        -h, --help          display help for command
      "
    `);
  });

  it('dgpo-retriever eval --help', async () => {
    expect(await help(['eval'])).toMatchInlineSnapshot(`
      "
      Usage: dgpo-retriever eval [options] [source]

      Measure a retriever, or a TREC run, by the measures of trec_eval and by answer recall.

      Arguments:
        source              index directory, corpus file, URL of a server, searxng:URL, serpapi or
                            json:FILE

      Options:
        --questions <file>  FlashRAG JSONL: supporting titles (metadata.supporting_facts) and golden
                            answers
        --queries <file>    BEIR queries.jsonl, or .tsv of id and text; with --qrels
        --qrels <file>      judgements: TREC qrels or BEIR qrels/*.tsv
        --run <file>        measure this TREC run instead of a source; with --qrels
        --run-out <file>    write what was found as a TREC run
        --metrics <name,…>  with --qrels: families of measures (default:
                            ndcg,map,recip_rank,recall,P,success)
        --cutoffs <k,k,…>   numbers of passages to look at (default: 1,3,5,10)
        --depth <k>         with --queries: passages to ask for, at least the greatest cutoff (default:
                            100)
        --token-env <name>  environment variable that holds the bearer token of the server
        --json              print one JSON object to stdout
        -h, --help          display help for command
      "
    `);
  });
});
