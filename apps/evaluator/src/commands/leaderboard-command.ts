import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { formatMarkdownTable, formatTable } from '@dgpo/arc';
import { jsonOption } from '@dgpo/trainer';
import { DatasetError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { leaderboard } from '../leaderboard/leaderboard.js';
import { leaderboardNotes, leaderboardTable, renderLeaderboard } from '../leaderboard/leaderboard-table.js';
import { readResultFiles } from '../leaderboard/read-result-files.js';
import type { LeftOutFile } from '../leaderboard/result-file.js';
import type { CliSurroundings } from './surroundings.js';

/** Paths and messages of parsers may hold anything; what a person reads is one line a file. */
const oneLine = ({ path, reason }: LeftOutFile) => `${path}: ${reason}`.replace(/\p{Cc}+/gu, ' ');

async function writePage(path: string, html: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, html);
  } catch (cause) {
    throw new DatasetError('cannot be written', { where: path, cause });
  }
}

/** `dgpo-eval leaderboard`: every result file below a folder in one table. */
export function leaderboardCommand({ output, errors, workingDirectory }: CliSurroundings): Command {
  return new Command('leaderboard')
    .description('Show every result file below a folder in one table: those of dgpo-eval, dgpo-arc and lm-eval.')
    .argument('<folder>', 'searched with every folder in it')
    .option(
      '--measure <name>',
      'a measure of dgpo-eval (exactMatch, f1, anyQueryAnswerHit, sourceReferencing …) or a metric of lm-eval (acc, exact_match,flexible-extract …)',
      'exactMatch',
    )
    .optionsGroup('Output:')
    .option('--markdown', 'print the table in Markdown')
    .option('--html <file>', 'write a page there that needs nothing else')
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (folder, { measure, markdown = false, html, json }) => {
      const directory = resolve(workingDirectory, folder);
      const { results, leftOut } = await readResultFiles({ directory, measure });
      for (const file of leftOut) if (json !== true) errors.write(`left out: ${oneLine(file)}\n`);
      if (results.length === 0) {
        throw new DatasetError(
          leftOut.length === 0
            ? 'there are no result files here; dgpo-eval run CHECKPOINT --out FOLDER writes one'
            : `no result file has ${measure}: ${leftOut.length} JSON files are left out`,
          { where: directory },
        );
      }
      const board = leaderboard({ results, measure });
      const path = html === undefined ? undefined : resolve(workingDirectory, html);
      if (path !== undefined) await writePage(path, renderLeaderboard(board, leftOut));
      if (json) {
        output.write(`${JSON.stringify({ ...board, leftOut })}\n`);
        return;
      }
      const table = leaderboardTable(board);
      output.write(`${markdown ? formatMarkdownTable(table) : formatTable(table)}\n\n`);
      for (const note of leaderboardNotes(board)) output.write(markdown ? `- ${note}\n` : `${note}\n`);
      if (html !== undefined) output.write(`Wrote ${html}\n`);
    });
}
