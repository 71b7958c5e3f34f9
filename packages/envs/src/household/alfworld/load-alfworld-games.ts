import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { ConfigError, DatasetError, type Task } from '@dgpo/trajectory';
import { householdFamilies } from '../types.js';
import { parseJsonObject, readGameFile } from './read-game-file.js';

export interface LoadAlfworldGamesOptions {
  /** A folder of ALFWorld's data, such as `json_2.1.1/valid_unseen`; looked through with its subfolders. */
  directory: string;
  /**
   * Games to read at most, in the order of their paths.
   * @default all
   */
  limit?: number;
  /** Told of each game that is left out, and why. */
  onSkip?: (file: string, reason: string) => void;
}

const gameName = 'game.tw-pddl';
const maxFileBytes = 16 * 2 ** 20;
const maxDepth = 8;
const maxGames = 100_000;

/** Paths of all game files under a folder, sorted: the order of a file system is no order. */
async function findGames(directory: string, depth = 0): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DatasetError('a folder of ALFWorld games was expected', { where: directory, cause });
  });
  const files: string[] = [];
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    if (entry.isFile() && entry.name === gameName) files.push(join(directory, entry.name));
    else if (entry.isDirectory() && depth < maxDepth) {
      for (const file of await findGames(join(directory, entry.name), depth + 1)) files.push(file);
    }
    if (files.length > maxGames)
      throw new DatasetError(`at most ${maxGames} games were expected`, { where: directory });
  }
  return files;
}

async function readCapped(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > maxFileBytes) {
    throw new DatasetError(`a file of at most ${maxFileBytes} bytes was expected, not ${size}`, { where: file });
  }
  return readFile(file, 'utf8');
}

interface Scene {
  layout: string;
  taskType: string | null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** What `traj_data.json` beside a game says; folders of newer downloads have none, but the scene's number in their name. */
async function readScene(gameFile: string): Promise<Scene> {
  const file = join(dirname(gameFile), 'traj_data.json');
  const fromFolder =
    basename(dirname(dirname(gameFile)))
      .split('-')
      .at(-1) ?? '';
  const present = await stat(file).then(
    () => true,
    () => false,
  );
  if (!present) return { layout: `FloorPlan${fromFolder}`, taskType: null };
  const data = parseJsonObject(await readCapped(file), file);
  const taskType = textOf(data.task_type);
  if (taskType === null) throw new DatasetError('a text "task_type" was expected', { where: `${file}:1` });
  const scene = typeof data.scene === 'object' && data.scene !== null ? data.scene : {};
  const plan = 'floor_plan' in scene ? textOf(scene.floor_plan) : null;
  return { layout: plan ?? `FloorPlan${fromFolder}`, taskType };
}

/**
 * Reads games of ALFWorld (`game.tw-pddl`, with `traj_data.json` where there is one) for `createHousehold`. As the original does, it leaves
 * out games that move or slice things (`movable`, `Sliced` in the path), other task types, and games not marked as solvable. Tasks come in
 * the order of their paths; `metadata.type` is the family, `metadata.gamefile` the path, `metadata.layout` the floor plan.
 *
 * The data are not part of this package: `alfworld-download` of the PyPI package `alfworld` fetches them.
 *
 * @throws DatasetError for a folder without games, and for a malformed file, with its line and what was expected
 */
export async function loadAlfworldGames({ directory, limit, onSkip }: LoadAlfworldGamesOptions): Promise<Task[]> {
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new ConfigError(`limit: a whole number from 1 was expected, not ${limit}`);
  }
  const files = await findGames(directory);
  if (files.length === 0) {
    throw new DatasetError(`files named ${gameName} were expected under it; alfworld-download fetches them`, {
      where: directory,
    });
  }
  const families: readonly string[] = householdFamilies;
  const tasks: Task[] = [];
  for (const file of files) {
    if (tasks.length === limit) break;
    const id = relative(directory, dirname(file)).split(sep).join('/') || basename(dirname(file));
    if (/movable|Sliced/.test(id)) {
      onSkip?.(file, 'things that move things, and slices, are not supported by ALFWorld');
      continue;
    }
    const { layout, taskType } = await readScene(file);
    if (taskType !== null && !families.includes(taskType)) {
      onSkip?.(file, `"${taskType}" is none of the six task types`);
      continue;
    }
    const { game, solvable } = readGameFile(await readCapped(file), { file, layout });
    if (!solvable) {
      onSkip?.(file, 'not marked as solvable');
      continue;
    }
    tasks.push({
      id,
      question: game.instruction,
      goldenAnswers: [],
      metadata: { type: game.family, layout: game.layout, gamefile: file, household: game },
    });
  }
  return tasks;
}
