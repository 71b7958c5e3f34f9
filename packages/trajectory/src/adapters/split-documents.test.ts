import { expect, test } from 'vitest';
import { splitDocuments } from './split-documents.js';

const contents = (text: string) => splitDocuments(text).map(({ document }) => document.contents);

test.each([
  [
    'Search-R1',
    'Doc 1(Title: "Peru") The sol.\nDoc 2(Title: Titanic (1997 film)) By Cameron.',
    ['"Peru"\nThe sol.', 'Titanic (1997 film)\nBy Cameron.'],
  ],
  [
    'verl',
    'Doc 1 (Title: "Peru")\nThe sol.\n\nDoc 2 (Title: "Lima")\nA city.\n\n',
    ['"Peru"\nThe sol.', '"Lima"\nA city.'],
  ],
  ['a title that is never closed', 'Doc 1(Title: Peru\ntext (x) y', ['Peru\ntext (x\ny']],
  ['R1-Searcher', '(1)Peru   The sol (2) is used.\n(2)Lima   A city.', ['Peru\nThe sol (2) is used.', 'Lima\nA city.']],
  ['numbers out of order stay text', '(1)Peru   a\n(3)b', ['Peru\na\n(3)b']],
  ['brackets', '[1] Peru\nThe sol.\n[2] Lima\nA city.', ['Peru\nThe sol.', 'Lima\nA city.']],
  [
    'footnotes',
    'Peru uses the sol.\n(1) Since 1991.\n(2) Before, the inti.',
    ['Peru uses the sol.\n(1) Since 1991.\n(2) Before, the inti.'],
  ],
  ['footnotes in brackets', 'Peru uses the sol.\n[1] A book.', ['Peru uses the sol.\n[1] A book.']],
  [
    'brackets below a heading',
    '## Results\nFound:\n\n[1] Peru\nThe sol.\n[2] Lima\nA city.',
    ['Peru\nThe sol.', 'Lima\nA city.'],
  ],
  ['text before the passages of Search-R1', 'The sol.\nDoc 1(Title: "Lima") A city.', ['The sol.', '"Lima"\nA city.']],
  ['text before links', '# Peru\nThe sol.\n\n[Lima](https://a.b/d)\nA city.', ['# Peru\nThe sol.', 'Lima\nA city.']],
  [
    'smolagents, retriever',
    'Retrieved documents:\n\n\n===== Document 0, similarity: 0.87 =====\nPeru\nThe sol.\n\n===== Document 1, similarity: 0.50 =====\nLima',
    ['Peru\nThe sol.', 'Lima'],
  ],
  [
    'smolagents, web search',
    '## Search Results\n\n[Peru](https://a.b/c)\nThe sol.\n\n[Lima](https://a.b/d)\nA city.',
    ['Peru\nThe sol.', 'Lima\nA city.'],
  ],
  [
    'JSON of the retrieval server',
    '{"result": [[{"document": {"id": "7", "contents": "\\"Peru\\"\\nThe sol."}, "score": 0.5}]]}',
    ['"Peru"\nThe sol.'],
  ],
  [
    'JSON with titles',
    '[{"title": "Peru", "text": "The sol."}, {"title": "Lima", "text": "Lima is a city."}]',
    ['Peru\nThe sol.', 'Lima is a city.'],
  ],
  ['JSON of strings', '["a", "b"]', ['a', 'b']],
  ['JSON of something else', '{"temperature": 3}', ['{"temperature": 3}']],
  ['broken JSON', '[{"title":', ['[{"title":']],
  ['plain text', 'Peru is a country.', ['Peru is a country.']],
  ['nothing', '  \n', []],
])('%s', (_, text, expected) => {
  expect(contents(text)).toEqual(expected);
});

test('text before the first passage does not take its id', () => {
  const found = splitDocuments('The sol.\nDoc 1(Title: a) b\nDoc 2(Title: c) d');
  expect(found.map(({ document }) => document.id)).toEqual(['before', '1', '2']);
});

test('ids and scores are those of the log, else ranks', () => {
  expect(splitDocuments('{"result": [[{"document": {"id": 7, "contents": "a"}, "score": 0.5}]]}')).toEqual([
    { document: { id: '7', contents: 'a' }, score: 0.5 },
  ]);
  const rule = splitDocuments('===== Document 0, similarity: 0.87 =====\na\n===== Document 1 =====\nb');
  expect(rule.map(({ document, score }) => [document.id, score])).toEqual([
    ['0', 0.87],
    ['1', 1 / 2],
  ]);
});
