import { readTasks, type Task } from '@dgpo/trajectory';
import { Command, Option } from 'commander';
import { evaluateRetriever } from '../evaluate/evaluate-retriever.js';
import { openAnyRetriever } from './open-retriever.js';
import { integerFrom, jsonOption, readToken, tokenOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-retriever eval`: recall against the supporting titles of a question file. */
export function evalCommand(surroundings: CliSurroundings): Command {
  const { writeOut, writeError, environment, signal } = surroundings;
  const parseCutoff = integerFrom(1);
  return new Command('eval')
    .description('Measure recall against the supporting titles of FlashRAG questions (metadata.supporting_facts).')
    .requiredOption('--questions <file>', 'questions, FlashRAG JSONL')
    .argument('<source>', 'index directory, corpus file (indexed in memory with bm25) or URL of a server')
    .addOption(tokenOption())
    .addOption(
      new Option('--cutoffs <k,k,…>', 'numbers of passages to look at')
        .argParser((text) => text.split(',').map((part) => parseCutoff(part.trim())))
        .default([1, 3, 5, 10], '1,3,5,10'),
    )
    .addOption(jsonOption())
    .action(async (source, { questions, cutoffs, json, tokenEnv }) => {
      const token = readToken(tokenEnv, environment);
      const tasks: Task[] = [];
      for await (const task of readTasks(questions)) tasks.push(task);
      const retriever = await openAnyRetriever({ source, ...(token !== undefined && { token }) }, surroundings);
      const evaluation = await evaluateRetriever({ retriever, tasks, cutoffs, signal });
      if (json) {
        writeOut(`${JSON.stringify(evaluation)}\n`);
        return;
      }
      if (evaluation.skipped > 0) writeError(`${evaluation.skipped} questions name no supporting title; left out\n`);
      writeOut(`${evaluation.questions} questions\n    k  recall    any    all\n`);
      for (const { k, recall, hit, complete } of evaluation.cutoffs) {
        const columns = [recall, hit, complete].map((figure) => figure.toFixed(3));
        writeOut(`${String(k).padStart(5)}   ${columns.join('  ')}\n`);
      }
    });
}
