import { stringify } from 'yaml';

/** What a recipe for files of one's own is made of. Paths are as they are to stand in the recipe. */
export interface RecipeTemplateOptions {
  outputDir: string;
  corpus: string;
  trainQuestions: string;
  evalQuestions: string;
  /** Training questions. */
  questions: number;
}

/** A path as a YAML scalar, quoted where it must be. */
const scalar = (text: string) => stringify(text, { lineWidth: 0 }).trimEnd();

const header = (name: string) => `# dgpo train ${name}
# Every key is explained in docs/recipes.md and is a flag too:   --rl.max-steps 100 --seed 1
# dgpo validate ${name} says what it will need.
seed: 0
`;

/** A commented recipe for a corpus and questions: a small new model that trains on two cores. */
export function ownDataRecipe(options: RecipeTemplateOptions): string {
  const { questions } = options;
  const demonstrations = Math.min(questions, 1000);
  return `${header('recipe.yaml')}outputDir: ${scalar(options.outputDir)}

data:
  # JSONL, one passage a line: {"id": "0", "contents": "Title\\nText of the passage"}
  corpus: ${scalar(options.corpus)}
  # FlashRAG JSONL ({"id", "question", "golden_answers", "metadata"}) or a Search-R1 .parquet
  trainQuestions: ${scalar(options.trainQuestions)}
  # Measured before and after each phase, and never trained on.
  evalQuestions:
    - name: held-out
      path: ${scalar(options.evalQuestions)}

retriever:
  # bm25 by words, flat or hnsw by vectors, server with url: for a Search-R1 /retrieve server
  kind: bm25
  topK: 3

environment:
  maxSearches: 2
  maxTokensPerTurn: 64
  # Document text is cut to this; a small model reads little.
  maxObservationTokens: 256
  maxTotalTokens: 1024

# A new model of 0.5 M parameters: it learns to act and to search, not to know. For good answers, replace the block by
#   path: folder/of/a/pretrained/model
student:
  fresh:
    vocabSize: 2048
    hiddenSize: 96
    numHiddenLayers: 3
    numAttentionHeads: 4
    maxPositionEmbeddings: 1024

# Demonstrations are scripted from golden answers and supporting titles; a model of this size learns them and becomes the teacher.
# With kind: model and path:, your own agent demonstrates and guides; it must share the tokenizer of the student.
teacher:
  kind: scripted
  fresh:
    vocabSize: 2048
    hiddenSize: 128
    numHiddenLayers: 4
    numAttentionHeads: 4
    maxPositionEmbeddings: 1024
  training:
    numTrainEpochs: ${demonstrations < 200 ? 20 : 10}
    batchSize: 16

# A new student must read before it can act. Remove this section for a pretrained model.
pretrain:
  maxSteps: 300
  batchSize: 16
  maxLength: 192

# Phase 1: distillation from correct episodes.
distill:
  numTasks: ${demonstrations}
  numTrainEpochs: ${demonstrations < 200 ? 10 : 5}
  batchSize: 16
  microBatchSize: 8

# Phase 2: reinforcement learning; where the student fails, the teacher guides.
rl:
  maxSteps: 20
  tasksPerStep: 32
  miniBatchSize: 16
  microBatchSize: 8
  learningRate: 2.0e-4
  # The exact KL to the teacher as a loss, averaged over tokens; method: dgpo-reference has the penalty of the released code, which makes
  # a student without any reward shorten its episodes.
  guidance:
    beta: 0.5
    estimator: full
    form: loss
    aggregation: token-mean
  saveSteps: 5

evaluation:
  tasksPerSet: 1000
`;
}

/** A commented recipe for the generated world of the demo. */
export function worldRecipe(options: Pick<RecipeTemplateOptions, 'outputDir'>): string {
  return `${header('recipe.yaml')}outputDir: ${scalar(options.outputDir)}

data:
  # Invented countries to train on, other invented ones and the real ones to test on; corpus and questions are written to outputDir.
  world: atlas
  inventedCountries: 1500

retriever:
  kind: bm25
  topK: 2

environment:
  maxSearches: 3
  maxTokensPerTurn: 48
  maxObservationTokens: 128
  maxTotalTokens: 512

student:
  fresh:
    vocabSize: 768
    hiddenSize: 96
    numHiddenLayers: 3
    numAttentionHeads: 4
    maxPositionEmbeddings: 512

teacher:
  kind: scripted
  fresh:
    vocabSize: 768
    hiddenSize: 128
    numHiddenLayers: 4
    numAttentionHeads: 4
    maxPositionEmbeddings: 512

# Passages, then questions and answers about them.
pretrain:
  maxSteps: 900
  batchSize: 32
  maxLength: 200

# Phase 1: distillation from correct episodes.
distill:
  numTasks: 4000
  numTrainEpochs: 1
  batchSize: 32
  microBatchSize: 8

# Phase 2: reinforcement learning; where the student fails, the teacher guides.
rl:
  maxSteps: 40
  tasksPerStep: 128
  miniBatchSize: 64
  microBatchSize: 16
  learningRate: 3.0e-4
  # The exact KL to the teacher as a loss, averaged over tokens; method: dgpo-reference has the penalty of the released code, which makes
  # a student without any reward shorten its episodes.
  guidance:
    beta: 0.5
    estimator: full
    form: loss
    aggregation: token-mean

evaluation:
  tasksPerSet: 1000
`;
}
