import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PipelineResult, runPipeline } from '../src/pipeline/run-pipeline.js';
import { type Recipe, recipeSchema } from '../src/recipe/recipe-schema.js';
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

/** The two phases of DGPO. */
const phases = {
  distill: {
    temperature: 0,
    numTrainEpochs: 60,
    batchSize: 2,
    microBatchSize: 1,
    learningRate: 0.03,
    warmupSteps: 4,
  },
  rl: {
    maxSteps: 6,
    tasksPerStep: 4,
    miniBatchSize: 2,
    microBatchSize: 1,
    criticLearningRate: 0.01,
    saveSteps: 2,
    guidance: { beta: 0.01, estimator: 'k1', form: 'reward', aggregation: 'sum' },
  },
};

/** A recipe of every stage on a corpus that is written to `data`. */
function tinyRecipe(options: { data: string; outputDir: string; stages?: readonly object[] | undefined }): Recipe {
  const { data, outputDir, stages } = options;
  mkdirSync(data, { recursive: true });
  const [corpus, trainQuestions] = [join(data, 'corpus.jsonl'), join(data, 'questions.jsonl')];
  writeFileSync(corpus, lines(documents));
  writeFileSync(trainQuestions, lines(questions));
  return recipeSchema.parse({
    seed: 3,
    outputDir,
    engine: 'wasm',
    data: { corpus, trainQuestions, evalQuestions: [{ name: 'held-out', path: trainQuestions }] },
    retriever: { topK: 1 },
    environment: {
      maxSearches: 1,
      maxTokensPerTurn: 48,
      maxObservationTokens: 48,
      maxTotalTokens: 320,
      promptTemplate: '{question}\n',
    },
    student: { fresh },
    teacher: { fresh, training: { numTrainEpochs: 120, batchSize: 2, learningRate: 0.03, warmupSteps: 4 } },
    pretrain: { maxSteps: 5, batchSize: 2, maxLength: 32 },
    ...(stages === undefined ? phases : { method: 'pipeline', stages }),
    evaluation: { tasksPerSet: 2 },
  });
}

export interface RunTinyOptions {
  /** Folder of corpus and questions. */
  data: string;
  outputDir: string;
  resume: boolean;
  workers: number;
  /** In the place of the two phases of DGPO. */
  stages?: readonly object[];
  /** The process kills itself once this update is logged and before it is saved. @default never */
  killAt?: { stage: string; step: number };
}

/** Runs the recipe of every stage. */
export async function runTiny({ killAt, resume, workers, ...folders }: RunTinyOptions): Promise<PipelineResult> {
  return runPipeline({
    recipe: { ...tinyRecipe(folders), workers },
    resume,
    reporter: {
      stage: () => undefined,
      line: () => undefined,
      progress: () => undefined,
      tracker: ({ stage }) => ({
        log: (_, step) => {
          if (stage === killAt?.stage && step === killAt.step) process.kill(process.pid, 'SIGKILL');
        },
        finish: async () => undefined,
      }),
    },
  });
}
