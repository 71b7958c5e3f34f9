import { join } from 'node:path';
import { loadTokenizer, tokenizerFolder } from '@dgpo/lm';
import { loadCorpus } from '@dgpo/retriever';
import { ConfigError, type Task } from '@dgpo/trajectory';
import { arithmeticTexts, codeProtocolTags } from '../arithmetic/index.js';
import { createAtlas, exportAtlas } from '../atlas/index.js';
import { type EnvironmentSettings, isSearch, type RetrieverSource } from '../compute/environment-settings.js';
import { protocolTags } from '../demo/demo-settings.js';
import type { EvaluationSet } from '../evaluate/evaluate-model.js';
import { needsTeacher } from '../recipe/needs-teacher.js';
import { readQuestions } from '../recipe/read-questions.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { splitValidation } from '../recipe/validation-tasks.js';
import { textWorldOf } from '../recipe/world-effects.js';
import { runStage } from '../run/run-stage.js';
import { hashFile } from '../run/stable-hash.js';
import type { Playground } from '../train/play-episodes.js';
import { arithmeticWorldOf, arithmeticWorldStage } from './arithmetic-world-stage.js';
import { freshModelStage, scriptedTeacherStage, tokenizerStage } from './fresh-models.js';
import { openServerTeacher, type ServerTeacher } from './server-teacher.js';
import { type StageModel, sharedStageModel, stageModel } from './stage-model.js';
import { textWorldSettings, textWorldStage } from './text-world-stage.js';
import type { Workshop } from './workshop.js';

/** Passages and questions of a run; in a household or a shop the passages are expert episodes, which nobody searches. */
export interface RunData {
  corpus: string;
  documents: { id: string; contents: string }[];
  trainTasks: Task[];
  /** For evaluations during training; empty where there are none. */
  validationTasks: Task[];
  sets: EvaluationSet[];
}

/** The passages and questions of a recipe; those of a generated world are written to the run directory first. */
export async function readRunData(workshop: Workshop, recipe: Recipe): Promise<RunData> {
  const { data, evaluation } = recipe;
  const world = textWorldOf(data);
  let files = { corpus: data.corpus ?? '', train: data.trainQuestions ?? '', evaluation: data.evalQuestions };
  if (data.world === 'atlas') {
    const { directory } = await runStage({
      runDirectory: workshop.run.path,
      name: 'world',
      inputs: { seed: data.worldSeed, inventedCountries: data.inventedCountries, count: evaluation.tasksPerSet },
      run: async ({ directory: target }) => {
        const atlas = createAtlas({ seed: data.worldSeed, inventedCountries: data.inventedCountries });
        workshop.reporter.stage('world', `${atlas.corpus.length} passages`);
        await exportAtlas({ atlas, directory: target, evaluationCount: evaluation.tasksPerSet });
        return null;
      },
    });
    const path = (name: string) => join(directory, `${name}.jsonl`);
    files = {
      corpus: path('corpus'),
      train: path('train'),
      evaluation: ['fiction', 'facts'].map((name) => ({ name, path: path(name) })),
    };
  }
  if (data.world === 'arithmetic') files = await arithmeticWorldStage(workshop, recipe);
  if (world !== undefined) files = await textWorldStage(workshop, recipe, textWorldSettings(recipe, world));
  const split = await splitValidation({ recipe, trainTasks: await readQuestions({ path: files.train }) });
  const sets: EvaluationSet[] = [];
  for (const { name, path } of files.evaluation) {
    sets.push({ name, tasks: await readQuestions({ path, limit: evaluation.tasksPerSet }) });
  }
  if (sets.length === 0)
    throw new ConfigError('needs at least one held-out set to measure on', { where: 'data.evalQuestions' });
  const documents = await loadCorpus({ path: files.corpus });
  return { corpus: files.corpus, documents, ...split, sets };
}

/** Questions whose written answers make the vocabulary of new models. */
const vocabularyTasks = 1000;

export async function startingModels(context: {
  workshop: Workshop;
  recipe: Recipe;
  data: RunData;
  /** Absent where nothing is searched. */
  retriever?: RetrieverSource;
  environment: EnvironmentSettings;
}): Promise<{ student: StageModel; teacher: StageModel | ServerTeacher | undefined; playground: Playground }> {
  const { workshop, recipe, data, retriever, environment } = context;
  const playgroundWith = (tokenizer: string): Playground => ({
    pool: workshop.pool,
    executor: workshop.executor,
    tokenizer,
    ...(retriever === undefined ? {} : { retriever }),
    environment,
    maxErrorRate: recipe.retriever.maxErrorRate,
  });
  const shared = {
    workshop,
    documents: data.documents,
    corpusKey: await hashFile(data.corpus),
    tasks: data.trainTasks,
    seed: recipe.seed,
    pretrain: recipe.pretrain,
  };
  const given = recipe.student.path ?? recipe.teacher.path;
  let tokenizerDirectory = given === undefined ? undefined : await tokenizerFolder(given);
  let tokenizerKey = given ?? '';
  if (tokenizerDirectory === undefined) {
    const texts = [
      ...data.documents.map(({ contents }) => contents),
      ...data.trainTasks.map(({ question }) => question),
    ];
    if (recipe.data.world === 'arithmetic') {
      const tasks = data.trainTasks.slice(0, vocabularyTasks);
      texts.push(...arithmeticTexts({ world: arithmeticWorldOf(recipe.data), tasks }));
    }
    const made = await tokenizerStage({
      workshop,
      texts,
      specialTokens: isSearch(environment) || textWorldOf(recipe.data) !== undefined ? protocolTags : codeProtocolTags,
      vocabSize: recipe.student.fresh?.vocabSize ?? 4096,
    });
    tokenizerDirectory = made.directory;
    tokenizerKey = made.key;
  }
  const tokenizer = await loadTokenizer(tokenizerDirectory);
  const path =
    recipe.student.path ??
    (
      await freshModelStage({
        ...shared,
        name: 'student',
        fresh: recipe.student.fresh as NonNullable<Recipe['student']['fresh']>,
        tokenizer,
        tokenizerKey,
      })
    ).directory;
  const hasAdapters = recipe.student.lora !== undefined;
  const student = hasAdapters ? await sharedStageModel({ directory: path, name: 'base' }) : await stageModel(path);
  const playground = playgroundWith(tokenizerDirectory);
  // One with hints is made of the student, once there are some.
  const isLater = recipe.teacher.kind === 'hinted';
  if (isLater || !recipe.stages.some(needsTeacher)) return { student, teacher: undefined, playground };
  if (recipe.teacher.kind === 'server') {
    const textOnly =
      recipe.teacher.api === 'chat' ||
      (environment.kind === 'chain-of-thought' && recipe.stages.every(({ distill }) => distill?.objective === 'sft'));
    const teacher = await openServerTeacher({ workshop, recipe, textOnly, tokenizer, playground });
    return { student, teacher, playground };
  }
  if (recipe.teacher.path !== undefined) {
    const directory = recipe.teacher.path;
    const teacher = hasAdapters ? await teacherBeside(student, directory) : await stageModel(directory);
    checkTokenizers(student, teacher);
    return { student, teacher, playground };
  }
  const untaught =
    recipe.teacher.lora === undefined || student.base === undefined
      ? await freshModelStage({ ...shared, name: 'teacher', fresh: recipe.teacher.fresh, tokenizer, tokenizerKey })
      : await sharedStageModel(student.base);
  const teacher = await scriptedTeacherStage({
    workshop,
    playground,
    model: untaught,
    lora: recipe.teacher.lora,
    tasks: data.trainTasks,
    settings: recipe.teacher.training,
    seed: recipe.seed,
  });
  return { student, teacher, playground };
}

/** A teacher whose weights workers read: those of the student's base where it has the same. */
async function teacherBeside(student: StageModel, directory: string): Promise<StageModel> {
  const teacher = await sharedStageModel({ directory, name: 'teacher-base' });
  const isSame = teacher.base?.directory === student.base?.directory;
  return isSame && student.base !== undefined ? { ...teacher, base: student.base } : teacher;
}

/** Student and teacher are compared token by token, so an id must mean the same to both. */
function checkTokenizers(student: StageModel, teacher: StageModel): void {
  const probe = 'Which city is the capital?\u00e9\ud55c<answer>';
  const ids = [student, teacher].map(({ weights }) => weights.tokenizer.encode(probe, { allowSpecial: true }).join());
  if (student.weights.config.vocabularySize !== teacher.weights.config.vocabularySize || ids[0] !== ids[1]) {
    throw new ConfigError('student and teacher have different tokenizers; both must map text to the same ids', {
      where: teacher.directory,
    });
  }
}
