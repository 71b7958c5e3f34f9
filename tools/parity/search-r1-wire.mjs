/**
 * Our server asked as Search-R1's generation loop asks, and our client against a server that replies as Search-R1's does; both sides
 * in Python are tools/parity/search_r1_client.py.
 *
 *   DGPO_PYTHON=…/bin/python node --import tsx --conditions=@dgpo/source tools/parity/search-r1-wire.mjs
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createBm25Retriever, createRetrieverClient, createRetrieverServer, serveRetriever } from '@dgpo/retriever';

const python = process.env.DGPO_PYTHON ?? 'python3';
const script = fileURLToPath(new URL('search_r1_client.py', import.meta.url));

const retriever = createBm25Retriever({
  documents: [
    { id: 'peru', contents: '"Lima"\nLima is the capital of Peru.' },
    { id: 'bird', contents: '"Ñandú (bird)"\nA large bird.\nIt does not fly.' },
    { id: 'cuba', contents: '"Havana"\nHavana lies in Cuba.' },
    { id: 'chile', contents: '"Santiago"\nSantiago is the capital of Chile.' },
  ],
});
const server = await serveRetriever({ app: createRetrieverServer({ retriever }), port: 0 });
try {
  const { stdout } = await promisify(execFile)(python, [script, 'ask', `${server.url}/retrieve`]);
  const answer = JSON.parse(stdout);
  assert.deepEqual(answer.ids, [['peru', 'chile'], ['bird'], []]);
  assert.equal(
    answer.texts[0],
    'Doc 1(Title: "Lima") Lima is the capital of Peru.\nDoc 2(Title: "Santiago") Santiago is the capital of Chile.\n',
  );
  assert.equal(answer.texts[1], 'Doc 1(Title: "Ñandú (bird)") A large bird.\nIt does not fly.\n');
  assert.equal(answer.texts[2], '');
  assert.equal(answer.default, 3);
  console.log('Python asks our server: the shape is that of Search-R1');
} finally {
  await server.close();
}

const standIn = spawn(python, [script, 'serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
try {
  const [port] = await once(standIn.stdout, 'data');
  const client = createRetrieverClient({ url: `http://127.0.0.1:${Number(port)}`, retries: 0 });
  const found = await client.retrieve({ queries: ['the capital', 'large bird', 'zzz'], topK: 1 });
  assert.deepEqual(found, [
    [{ document: { id: '0', contents: '"Lima"\nLima is the capital of Peru.' }, score: 2 }],
    [{ document: { id: '1', contents: '"Ñandú (bird)"\nA large bird.\nIt does not fly.' }, score: 2 }],
    [],
  ]);
  console.log('our client asks a server that replies as that of Search-R1: it understands the answers');
} finally {
  standIn.stdin.end();
  await once(standIn, 'exit');
}
