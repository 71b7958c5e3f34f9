import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PipelineResult, runPipeline } from '../src/pipeline/run-pipeline.js';
import { dropInherited } from '../src/recipe/drop-inherited.js';
import { type RecipeInput, recipeSchema } from '../src/recipe/recipe-schema.js';
import { documents } from './tiny-world.js';

/** Two questions that differ by their id alone, so that a tiny teacher can learn the whole episode by heart. */
const questions = ['a', 'b'].map((id) => ({
  id,
  question: 'Which colour has the flag?',
  golden_answers: ['red'],
  metadata: { supporting_facts: { title: ['Flag 0'], sent_id: [0] } },
}));

const lines = (items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');

const fresh = {
  vocabSize: 512,
  hiddenSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 320,
};

/** A recipe of every stage, evaluated as it trains, on a corpus that is written to `data`. */
export function tinyRecipe(options: {
  data: string;
  outputDir: string;
  /** @default 'dgpo-reference' */
  method?: RecipeInput['method'];
  /** @default 'wasm' */
  engine?: RecipeInput['engine'];
  /** In the place of the stages of a method. */
  stages?: RecipeInput['stages'] | undefined;
}): RecipeInput {
  const { data, outputDir, stages, engine = 'wasm' } = options;
  const method = stages === undefined ? (options.method ?? 'dgpo-reference') : 'pipeline';
  mkdirSync(data, { recursive: true });
  const [corpus, trainQuestions] = [join(data, 'corpus.jsonl'), join(data, 'questions.jsonl')];
  writeFileSync(corpus, lines(documents));
  writeFileSync(trainQuestions, lines(questions));
  const evaluation = { evalSteps: 3, loadBestModelAtEnd: true };
  const recipe: RecipeInput = {
    method,
    seed: 3,
    outputDir,
    engine,
    data: {
      corpus,
      trainQuestions,
      // The stages of one's own are not evaluated as they train.
      ...(stages === undefined ? { validationQuestions: trainQuestions } : {}),
      evalQuestions: [{ name: 'held-out', path: trainQuestions }],
    },
    retriever: { topK: 1 },
    environment: {
      maxSearches: 1,
      maxTokensPerTurn: 48,
      maxObservationTokens: 48,
      maxTotalTokens: 320,
      promptTemplate: '{question}\n',
    },
    student: { fresh },
    teacher: { fresh, training: { numTrainEpochs: 110, batchSize: 2, learningRate: 0.03, warmupSteps: 4 } },
    pretrain: { maxSteps: 5, batchSize: 2, maxLength: 32 },
    ...(stages === undefined ? {} : { stages }),
    distill: {
      ...evaluation,
      evalSteps: 20,
      temperature: 0,
      numTrainEpochs: 60,
      batchSize: 2,
      microBatchSize: 1,
      learningRate: 0.03,
      warmupSteps: 4,
    },
    rl: {
      ...evaluation,
      maxSteps: 6,
      tasksPerStep: 4,
      miniBatchSize: 2,
      microBatchSize: 1,
      criticLearningRate: 0.01,
      saveSteps: 2,
      guidance: { beta: 0.01 },
    },
    evaluation: { tasksPerSet: 2, validationTasks: 2 },
  };
  // Not every method reads all of these.
  return dropInherited({ merged: recipe, own: { method } }) as RecipeInput;
}

/** Runs stages of one's own, quietly. */
export async function runTiny(options: {
  data: string;
  outputDir: string;
  workers: number;
  stages: RecipeInput['stages'];
}): Promise<PipelineResult> {
  const { workers, ...rest } = options;
  return runPipeline({
    recipe: { ...recipeSchema.parse(tinyRecipe(rest)), workers },
    resume: false,
    reporter: {
      stage: () => undefined,
      line: () => undefined,
      progress: () => undefined,
      tracker: () => ({ log: () => undefined, finish: async () => undefined }),
    },
  });
}
