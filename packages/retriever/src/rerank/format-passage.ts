import { splitTitle } from '../corpus/split-title.js';

/**
 * A passage's contents as Search-R1 gives them to a cross-encoder: `(Title: t) text`
 * (https://github.com/PeterGriffinJin/Search-R1, `search_r1/search/rerank_server.py`).
 */
export function formatPassage(contents: string): string {
  const { title, text } = splitTitle(contents);
  return `(Title: ${title}) ${text}`;
}
