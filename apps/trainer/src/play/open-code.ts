import { createInterpreterPool, createPythonInterpreter, parseCode } from '@dgpo/envs/code';
import { createBm25Retriever } from '@dgpo/retriever';
import {
  arithmeticEnvironment,
  arithmeticTasks,
  codeExpert,
  createArithmeticEnvironment,
  createArithmeticWorld,
} from '../arithmetic/index.js';
import { createAtlas } from '../atlas/index.js';
import { notUnderstood, type OpenPlayableOptions, type Playable, roomy, withoutLabel } from './playable.js';

const tasks = 100;
const maxSteps = 10;

const rules = [
  'Answer the question with Python that can search.',
  '  search words         finds passages, at once',
  '  lines of Python      run at an empty line; print(...) shows, search("words") finds, variables stay',
  '  final_answer(...)    in Python, ends the game',
  'Within a block every line is Python: end it with an empty line before you type q, ? or !.',
].join('\n');

const searchLine = /^search\s+([^\s(].*)$/;

/** What a command is in Python. */
function toCode(command: string): string {
  const query = searchLine.exec(command)?.[1];
  return query === undefined ? command : `print(search(${JSON.stringify(query)}))`;
}

/**
 * Questions of arithmetic over the real countries of the demo world.
 * @throws {ConfigError} without the package `pyodide`, {EnvironmentError} when Python does not start
 */
export async function openCode({ seed }: OpenPlayableOptions): Promise<Playable> {
  const world = createArithmeticWorld(createAtlas());
  const first = await createPythonInterpreter();
  const interpreters = createInterpreterPool({
    start: async () => (first.alive ? first : createPythonInterpreter()),
    size: 1,
  });
  const environment = createArithmeticEnvironment({
    interpreters,
    retriever: createBm25Retriever({ documents: [...world.corpus] }),
    settings: {
      ...arithmeticEnvironment,
      ...roomy,
      maxSteps,
      promptTemplate: `${rules}\n\n{question}`,
      invalidActionMessage: notUnderstood,
    },
  });
  return {
    environment,
    tasks: arithmeticTasks({ world, split: 'facts', count: tasks, seed }),
    maxTurns: maxSteps,
    isWhole: (lines) => lines.at(-1) === '' || searchLine.test(lines.join('\n')),
    write: (command) => `\`\`\`py\n${toCode(command)}\n\`\`\``,
    read: withoutLabel,
    admissible: () => ['search …', 'print(…)', 'final_answer(…)'],
    expert: (state) => parseCode(codeExpert(state)).code ?? '',
    close: async () => {
      await interpreters.close();
      await first.close();
    },
  };
}
