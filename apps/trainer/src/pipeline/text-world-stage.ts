import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createByteTokenizer, createScriptedPolicy, runEpisodes } from '@dgpo/envs';
import { createHouseholdGames, householdMaxSteps } from '@dgpo/envs/household';
import { createGoals, webshopMaxSteps } from '@dgpo/envs/webshop';
import { ConfigError, EnvironmentError, type Task, writeJsonLines, writeTasks } from '@dgpo/trajectory';
import {
  type EnvironmentSettings,
  type HouseholdSettings,
  smallWebshop,
  type WebshopSettings,
} from '../compute/environment-settings.js';
import { catalogueFiles, openCatalogue } from '../compute/open-catalogue.js';
import { openEnvironment } from '../compute/open-environment.js';
import { householdData, webshopData } from '../recipe/data-sections.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { runStage } from '../run/run-stage.js';
import { hashFile } from '../run/stable-hash.js';
import type { Workshop } from './workshop.js';

type TextSettings = HouseholdSettings | WebshopSettings;

/** Expert episodes whose text makes the vocabulary and the text to pretrain on. */
const maxTexts = 1000;

/** The rules of an episode in a household or a shop. */
export function textWorldSettings(recipe: Recipe, world: TextSettings['kind']): TextSettings {
  const { format, maxTurns, maxTokensPerTurn, maxObservationTokens, maxTotalTokens, promptTemplate } =
    recipe.environment;
  const shared = {
    ...(format === undefined ? {} : { format }),
    maxTokensPerTurn,
    maxObservationTokens,
    maxContextTokens: maxTotalTokens,
    ...(promptTemplate === undefined ? {} : { promptTemplate }),
  };
  if (world === 'household') return { kind: world, maxTurns: maxTurns ?? householdMaxSteps, ...shared };
  const { catalogue, products, size } = webshopData(recipe.data);
  const { worldSeed: seed } = recipe.data;
  const invented = { products, seed, ...(size === 'small' ? smallWebshop.catalogue : {}) };
  return {
    kind: world,
    maxTurns: maxTurns ?? webshopMaxSteps,
    catalogue: catalogue === undefined ? invented : { directory: catalogue, seed },
    ...(size === 'small' ? smallWebshop.pages : {}),
    ...shared,
  };
}

interface WorldTasks {
  train: Task[];
  sets: { name: string; tasks: Task[] }[];
}

/** Games of the families in turn, as many as asked for. */
function householdTasks({ data, evaluation }: Recipe): WorldTasks {
  const { families, size, trainTasks } = householdData(data);
  const games = (split: 'train' | 'valid_seen' | 'valid_unseen', count: number) => {
    const perFamily = Math.ceil(count / families.length);
    const made = createHouseholdGames({ seed: data.worldSeed, perFamily, split, families, size });
    const place = (index: number) => (index % families.length) * perFamily + Math.floor(index / families.length);
    return made.map((_, index) => made[place(index)] as Task).slice(0, count);
  };
  return {
    train: games('train', trainTasks),
    sets: [
      { name: 'seen', tasks: games('valid_seen', evaluation.tasksPerSet) },
      { name: 'unseen', tasks: games('valid_unseen', evaluation.tasksPerSet) },
    ],
  };
}

async function webshopTasks({ data, evaluation }: Recipe, settings: WebshopSettings): Promise<WorldTasks> {
  const { worldSeed: seed } = data;
  const catalogue = await openCatalogue(settings.catalogue);
  const people = createGoals({ catalogue, seed });
  // The original's small shop has wishes by people for few of its products, or no file of them.
  const goals = people.length > 0 ? people : createGoals({ catalogue, seed, instructions: 'synthetic' });
  const held = evaluation.tasksPerSet;
  if (goals.length <= held) {
    throw new ConfigError(
      `takes ${held} of the ${goals.length} wishes of the shop, which leaves none to train on; lower it, or add products`,
      { where: 'evaluation.tasksPerSet' },
    );
  }
  return {
    train: goals.slice(held, held + webshopData(data).trainTasks),
    sets: [{ name: 'held-out', tasks: goals.slice(0, held) }],
  };
}

/** What the expert of a world reads and writes, an episode each. */
async function expertTexts(
  settings: TextSettings,
  tasks: readonly Task[],
): Promise<{ id: string; contents: string }[]> {
  // Bytes are many tokens.
  const roomy = { maxTokensPerTurn: 10_000, maxObservationTokens: 100_000, maxContextTokens: 10_000_000 };
  const { environment, close } = await openEnvironment({ settings: { ...settings, ...roomy }, retriever: undefined });
  try {
    const { name, oracle } = environment;
    if (oracle === undefined) throw new EnvironmentError('has no expert to play', { where: `environment ${name}` });
    const policy = createScriptedPolicy({ tokenizer: createByteTokenizer(), script: oracle, name: 'expert' });
    const episodes = await runEpisodes({ environment, policy, tasks, seed: 0 });
    return episodes.map(({ id, segments }) => ({ id, contents: segments.map(({ text }) => text).join('') }));
  } finally {
    await close();
  }
}

async function fileHashes(settings: EnvironmentSettings): Promise<string[]> {
  if (settings.kind !== 'webshop' || !('directory' in settings.catalogue)) return [];
  return Promise.all(Object.values(catalogueFiles(settings.catalogue.directory)).map((path: string) => hashFile(path)));
}

/**
 * Writes the tasks of a household or a shop to the run directory, and as its corpus what the expert reads and writes in training tasks.
 *
 * @throws ConfigError when the shop has too few wishes; DatasetError for files that are missing or damaged
 */
export async function textWorldStage(
  workshop: Workshop,
  recipe: Recipe,
  settings: TextSettings,
): Promise<{ corpus: string; train: string; evaluation: { name: string; path: string }[] }> {
  const { data, evaluation } = recipe;
  const { directory, output } = await runStage({
    runDirectory: workshop.run.path,
    name: 'world',
    inputs: {
      settings,
      files: await fileHashes(settings),
      data: settings.kind === 'household' ? householdData(data) : webshopData(data),
      seed: data.worldSeed,
      count: evaluation.tasksPerSet,
    },
    run: async ({ directory: target }) => {
      const { train, sets } =
        settings.kind === 'household' ? householdTasks(recipe) : await webshopTasks(recipe, settings);
      workshop.reporter.stage('world', `${settings.kind}, ${train.length} tasks to train on`);
      await mkdir(target, { recursive: true });
      await writeTasks(join(target, 'train.jsonl'), train);
      for (const { name, tasks } of sets) await writeTasks(join(target, `${name}.jsonl`), tasks);
      await writeJsonLines(join(target, 'corpus.jsonl'), await expertTexts(settings, train.slice(0, maxTexts)));
      return sets.map(({ name }) => name);
    },
  });
  const path = (name: string) => join(directory, `${name}.jsonl`);
  return {
    corpus: path('corpus'),
    train: path('train'),
    evaluation: output.map((name) => ({ name, path: path(name) })),
  };
}
