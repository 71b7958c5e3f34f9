import { resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { initRun } from '../init/init-run.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo init`: a recipe for files of one's own. */
export function initCommand(surroundings: CliSurroundings): Command {
  const { output, workingDirectory } = surroundings;
  const absolute = (path: string) => resolve(workingDirectory, path);
  return new Command('init')
    .description('Check a corpus and questions and write a commented recipe for them.')
    .argument('<directory>', 'folder for the recipe; made when absent')
    .option('--corpus <file>', 'JSONL, one passage a line: {"id": "0", "contents": "Title\\nText"}')
    .option('--questions <file>', 'FlashRAG JSONL ({"id", "question", "golden_answers"}) or Search-R1 parquet')
    .option('--eval-questions <file>', 'held-out questions; without them every tenth question is held out')
    .addOption(jsonOption())
    .addHelpText('after', '\nWithout --corpus and --questions, the recipe is for the generated world of the demo.')
    .action(async (directory, { corpus, questions, evalQuestions, json }) => {
      if ((corpus === undefined) !== (questions === undefined)) {
        throw new ConfigError('--corpus and --questions belong together: give both, or neither for the demo world');
      }
      if (evalQuestions !== undefined && questions === undefined) {
        throw new ConfigError('--eval-questions needs --corpus and --questions');
      }
      const result = await initRun({
        directory: absolute(directory),
        ...(corpus === undefined || questions === undefined
          ? {}
          : {
              files: {
                corpus: absolute(corpus),
                questions: absolute(questions),
                ...(evalQuestions === undefined ? {} : { evalQuestions: absolute(evalQuestions) }),
              },
            }),
      });
      if (json) {
        printJson(output, result);
        return;
      }
      const { data, recipePath, notes } = result;
      output.write(
        [
          ...(data === undefined
            ? []
            : [
                `${data.passages} passages, ${data.trainQuestions} questions to train on, ${data.evalQuestions} held out`,
              ]),
          ...notes,
          `wrote ${recipePath}`,
          `next:  dgpo validate ${recipePath}`,
          `       dgpo train ${recipePath}`,
          '',
        ].join('\n'),
      );
    });
}
