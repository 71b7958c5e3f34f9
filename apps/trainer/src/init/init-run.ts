import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { loadCorpus } from '@dgpo/retriever';
import { ConfigError, supportingTitles, type Task, writeTasks } from '@dgpo/trajectory';
import { readQuestions } from '../recipe/read-questions.js';
import { ownDataRecipe, worldRecipe } from './recipe-template.js';

export interface InitRunOptions {
  /** Absolute; made when absent. */
  directory: string;
  /** Absolute paths. Without them the recipe is for the atlas world. */
  files?: { corpus: string; questions: string; evalQuestions?: string };
}

export interface InitResult {
  recipePath: string;
  data?: { passages: number; trainQuestions: number; evalQuestions: number };
  /** What is worth knowing about the files. */
  notes: string[];
}

const recipeName = 'recipe.yaml';
const trainName = 'questions-train.jsonl';
const heldOutName = 'questions-held-out.jsonl';

function notesOn(tasks: readonly Task[]): string[] {
  const without = tasks.filter((task) => task.goldenAnswers.length === 0).length;
  const supported = tasks.filter((task) => supportingTitles(task).length > 0).length;
  const prompted = tasks.filter((task) => task.prompt !== undefined).length;
  return [
    ...(without === 0 ? [] : [`${without} questions have no golden answer and can never be answered correctly`]),
    ...(supported === tasks.length
      ? []
      : [
          `${tasks.length - supported} questions name no supporting passages; the scripted expert searches with the question itself`,
        ]),
    ...(prompted === 0 ? [] : [`${prompted} questions bring a rendered prompt, which is used as it is`]),
  ];
}

/** Every tenth question is held out, and the last one where there are fewer. */
function split(tasks: readonly Task[], where: string): { train: Task[]; heldOut: Task[] } {
  if (tasks.length < 2) {
    throw new ConfigError('has one question alone, so none can be held out; add more, or give --eval-questions', {
      where,
    });
  }
  const isHeldOut = (index: number) => (tasks.length < 10 ? index === tasks.length - 1 : index % 10 === 9);
  return {
    train: tasks.filter((_, index) => !isHeldOut(index)),
    heldOut: tasks.filter((_, index) => isHeldOut(index)),
  };
}

function refuseToOverwrite(paths: readonly string[]): void {
  const taken = paths.find((path) => existsSync(path));
  if (taken !== undefined) {
    throw new ConfigError('is there already and is not overwritten; choose another folder', { where: taken });
  }
}

/**
 * Checks a corpus and questions, holds some of the questions out where no others are given, and writes a commented recipe.
 *
 * @throws {DatasetError} for the first bad line of a file
 * @throws {ConfigError} when a file that would be written is there already, or there is nothing to hold out
 */
export async function initRun(options: InitRunOptions): Promise<InitResult> {
  const { directory, files } = options;
  const recipePath = join(directory, recipeName);
  const write = (text: string) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(recipePath, text, { flag: 'wx' });
  };
  if (files === undefined) {
    refuseToOverwrite([recipePath]);
    write(worldRecipe({ outputDir: 'outputs/atlas' }));
    return { recipePath, notes: [] };
  }
  const splits = files.evalQuestions === undefined;
  refuseToOverwrite([recipePath, ...(splits ? [trainName, heldOutName].map((name) => join(directory, name)) : [])]);
  const passages = (await loadCorpus({ path: files.corpus })).length;
  const tasks = await readQuestions({ path: files.questions });
  const given = files.evalQuestions === undefined ? undefined : await readQuestions({ path: files.evalQuestions });
  const { train, heldOut } = given === undefined ? split(tasks, files.questions) : { train: tasks, heldOut: given };
  const fromRecipe = (path: string) => {
    const short = relative(directory, path);
    return isAbsolute(short) ? path : short.split(sep).join('/');
  };
  if (splits) {
    await writeTasks(join(directory, trainName), train);
    await writeTasks(join(directory, heldOutName), heldOut);
  }
  write(
    ownDataRecipe({
      outputDir: 'outputs/run',
      corpus: fromRecipe(files.corpus),
      trainQuestions: splits ? trainName : fromRecipe(files.questions),
      evalQuestions: files.evalQuestions === undefined ? heldOutName : fromRecipe(files.evalQuestions),
      questions: train.length,
    }),
  );
  return {
    recipePath,
    data: { passages, trainQuestions: train.length, evalQuestions: heldOut.length },
    notes: notesOn(tasks),
  };
}
