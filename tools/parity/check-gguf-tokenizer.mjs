/**
 * Compares the tokenizer of a GGUF file with what transformers makes of it (gguf-tokenizer.py).
 * usage: node --import tsx --conditions=@dgpo/source tools/parity/check-gguf-tokenizer.mjs MODEL.gguf IDS.json
 */
import { readFile } from 'node:fs/promises';
import { createChatTemplate, ggufTokenizerFiles, openGguf, renderConversation, tokenizerFromFiles } from '@dgpo/lm';

const [path, expectedPath] = process.argv.slice(2);
if (path === undefined || expectedPath === undefined) throw new Error('usage: MODEL.gguf IDS.json');
const expected = JSON.parse(await readFile(expectedPath, 'utf8'));
const gguf = await openGguf(path);
const { tokenizerJson, tokenizerConfig } = ggufTokenizerFiles(gguf.metadata);
await gguf.close();
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const tokenizer = tokenizerFromFiles(
  new Map([
    ['tokenizer.json', bytes(tokenizerJson)],
    ['tokenizer_config.json', bytes(tokenizerConfig)],
  ]),
  path,
);

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
let encoded = 0;
let decoded = 0;
let loaded = 0;
for (const row of expected.rows) {
  const ids = tokenizer.encode(row.text);
  if (same(ids, row.ids)) encoded++;
  else console.log('encodes otherwise:', JSON.stringify(row.text), ids.join(' '), '/', row.ids.join(' '));
  if (same(ids, row.loaded)) loaded++;
  const text = tokenizer.decode(row.ids);
  if (text === row.decoded) decoded++;
  else console.log('decodes otherwise:', JSON.stringify(text), '/', JSON.stringify(row.decoded));
}
const { length } = expected.rows;
console.log(
  `${expected.version}: ${encoded} of ${length} texts encode alike, ${decoded} decode alike; as loaded ${loaded}`,
);
const numbers = { eos: tokenizer.endOfTextId, pad: tokenizer.padId, size: tokenizer.vocabularySize };
for (const [name, value] of Object.entries(numbers)) console.log(name, value, '/', expected[name]);
if (expected.chat !== null) {
  const { messages, text, ids } = expected.chat;
  const template = createChatTemplate({ source: tokenizerConfig.chat_template, tokens: tokenizerConfig });
  const { tokenIds } = renderConversation({ template, tokenizer, messages, addGenerationPrompt: true });
  console.log('chat text alike', template.render({ messages, addGenerationPrompt: true }) === text);
  // Encoding in parts, as a sampler sees them, gives the same ids unless a merge crosses a border.
  console.log('chat ids alike', same(tokenIds, ids));
}
