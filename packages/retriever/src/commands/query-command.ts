import { Command } from 'commander';
import { splitTitle } from '../corpus/split-title.js';
import { withRetriever } from './open-retriever.js';
import { integerFrom, jsonOption, readToken, tokenOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-retriever query`: the passages of one query. */
export function queryCommand(surroundings: CliSurroundings): Command {
  const { writeOut, environment, signal } = surroundings;
  return new Command('query')
    .description('Print the passages found for one query.')
    .argument('<source>', 'index directory, corpus file, URL of a server, searxng:URL, serpapi or json:FILE')
    .argument('<text>', 'the query')
    .addOption(tokenOption())
    .option('--topk <number>', 'passages to print', integerFrom(1), 3)
    .addOption(jsonOption())
    .action(async (source, text, { topk, json, tokenEnv }) => {
      const token = readToken(tokenEnv, environment);
      const [found = []] = await withRetriever(
        { source, ...(token !== undefined && { token }) },
        surroundings,
        (retriever) => retriever.retrieve({ queries: [text], topK: topk, signal }),
      );
      if (json) {
        writeOut(`${JSON.stringify({ query: text, result: found })}\n`);
        return;
      }
      if (found.length === 0) writeOut('nothing found\n');
      for (const [position, { document, score }] of found.entries()) {
        const { title, text: passage } = splitTitle(document.contents);
        const head = `${position + 1}. ${title}  (id ${document.id}, score ${score.toFixed(3)})`;
        writeOut(`${head}\n${passage === '' ? '' : `   ${passage.replaceAll(/\s+/g, ' ')}\n`}`);
      }
    });
}
