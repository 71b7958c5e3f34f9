import { join } from 'node:path';
import { arithmeticSets, createArithmeticWorld, exportArithmetic } from '../arithmetic/index.js';
import { createAtlas } from '../atlas/index.js';
import { arithmeticData } from '../recipe/data-sections.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { runStage } from '../run/run-stage.js';
import type { Workshop } from './workshop.js';

/** The demo world with numbers of a recipe. */
export const arithmeticWorldOf = ({ worldSeed, inventedCountries }: Recipe['data']) =>
  createArithmeticWorld(createAtlas({ seed: worldSeed, inventedCountries }));

/** Writes its passages and questions to the run directory. @throws ConfigError when it has too few questions */
export async function arithmeticWorldStage(workshop: Workshop, { data, evaluation }: Recipe) {
  const { trainTasks } = arithmeticData(data);
  const { worldSeed: seed, inventedCountries } = data;
  const { directory } = await runStage({
    runDirectory: workshop.run.path,
    name: 'world',
    inputs: { world: data.world, seed, inventedCountries, trainTasks, count: evaluation.tasksPerSet },
    run: async ({ directory: target }) => {
      const world = arithmeticWorldOf(data);
      workshop.reporter.stage('world', `${world.corpus.length} passages, ${trainTasks} questions to train on`);
      await exportArithmetic({
        world,
        directory: target,
        trainCount: trainTasks,
        evaluationCount: evaluation.tasksPerSet,
      });
      return null;
    },
  });
  const path = (name: string) => join(directory, `${name}.jsonl`);
  return {
    corpus: path('corpus'),
    train: path('train'),
    evaluation: arithmeticSets.map((name) => ({ name, path: path(name) })),
  };
}
