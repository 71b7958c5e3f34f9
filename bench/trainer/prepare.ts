/**
 * Makes the folder of a case: models, index, questions, and what the retriever finds. `node … prepare.ts '{"work":"…","item":{…}}'`.
 * The student learns the protocol from the scripted expert first, so that its episodes are as long as those of a run.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDecoder, type DecoderConfig, getParameters, loadModel, loadTokenizer, saveModel } from '@dgpo/lm';
import { createBm25Retriever } from '@dgpo/retriever';
import {
  atlasTasks,
  createAtlas,
  createComputePool,
  createTrainedModel,
  episodeRow,
  playEpisodes,
  trainLanguageModel,
  type WeightedRow,
} from '@dgpo/trainer';
import { createRandom, type Trajectory } from '@dgpo/trajectory';
import { atlasEnvironment } from '../../apps/trainer/src/demo/demo-settings.js';
import { type BenchCase, caseModels, caseSettings } from './cases.js';
import { type PreparedCase, workFolder } from './work-folder.js';

const { work, item } = JSON.parse(process.argv[2] ?? '') as { work: string; item: BenchCase };
const folder = workFolder(work);
const assets = (name: string) => fileURLToPath(new URL(`../../apps/trainer/assets/${name}`, import.meta.url));

/** The demo's tokenizer, with entries that no text gives until it has as many as the models of `npm run bench -w @dgpo/lm`. */
async function tokenizerFolder(): Promise<string> {
  if (item.name !== 'mid-sized') return assets('student');
  const directory = join(work, 'tokenizer');
  await mkdir(directory, { recursive: true });
  const file = JSON.parse(await readFile(join(assets('student'), 'tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> };
    added_tokens: { id: number }[];
  };
  const { vocab } = file.model;
  const last = Math.max(...Object.values(vocab), ...file.added_tokens.map(({ id }) => id));
  for (let id = last + 1; id < 3840; id++) vocab[`unused${id}`] = id;
  await writeFile(join(directory, 'tokenizer.json'), JSON.stringify(file));
  await cp(join(assets('student'), 'tokenizer_config.json'), join(directory, 'tokenizer_config.json'));
  return directory;
}

async function randomParameters(config: DecoderConfig): Promise<Float32Array> {
  const decoder = createDecoder({ config, random: createRandom(0) });
  const parameters = await getParameters(decoder);
  decoder.dispose();
  return parameters;
}

const mid = <T>(values: readonly T[]): T | undefined => values[values.length >> 1];

/** Queries and what was found for them, where the whole of it fitted. */
function observationsOf(episodes: readonly Trajectory[]): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const { actions, segments } of episodes) {
    const after = segments.filter(({ kind }) => kind === 'observation');
    actions.forEach(({ query, documents }, turn) => {
      const ids = after[turn]?.tokenIds;
      if (query !== undefined && documents !== undefined && ids !== undefined) {
        found[query] = [...ids].length > (found[query]?.length ?? 0) ? [...ids] : (found[query] ?? []);
      }
    });
  }
  return found;
}

const pool = await createComputePool({ engine: 'wasm', workers: 2 });
const atlas = createAtlas({ seed: 0, inventedCountries: item.inventedCountries });
await createBm25Retriever({ documents: [...atlas.corpus] }).save(folder.index);
const tokenizerPath = await tokenizerFolder();
const tokenizer = await loadTokenizer(tokenizerPath);
const config = caseModels(item.name, tokenizer.vocabularySize);
const playground = {
  pool,
  tokenizer: tokenizerPath,
  retriever: { directory: folder.index },
  environment: atlasEnvironment,
};
const taskCount = item.episodes * (item.updates + 1);
const training = atlasTasks({ atlas, split: 'train', count: taskCount + Math.max(1200, taskCount), seed: 1 });
const tasks = training.slice(0, taskCount);

const student = await createTrainedModel({
  pool,
  name: 'student',
  config: config.student,
  parameters:
    item.name === 'demo'
      ? (await loadModel({ directory: assets('student') })).parameters
      : await randomParameters(config.student),
});
const lessons = await playEpisodes({
  ...playground,
  policy: 'expert',
  tasks: training.slice(taskCount),
  temperature: 0,
  seed: 0,
});
const rows = lessons.map(episodeRow).map(
  (row): WeightedRow => ({
    tokenIds: row.tokenIds,
    mask: row.mask,
    weights: new Float32Array(row.logProbs.length).fill(1),
  }),
);
const order = createRandom(0).split('lessons');
await trainLanguageModel({
  model: student,
  batch: (step) => order.split(step).shuffle(rows).slice(0, 32),
  maxSteps: item.lessons,
  microBatchSize: 8,
  schedule: { learningRate: 1.5e-3, warmupSteps: 10 },
  onStep: () => undefined,
});
const parameters = await student.parameters();
await saveModel({ directory: folder.student, config: config.student, parameters, tokenizer });
if (item.name === 'demo') await cp(assets('teacher'), folder.teacher, { recursive: true });
else await saveModel({ directory: folder.teacher, config: config.teacher, parameters, tokenizer });

const episodes = await playEpisodes({ ...playground, policy: { model: 'student' }, tasks, temperature: 1, seed: 0 });
const observations = observationsOf(episodes);
const prepared: PreparedCase = {
  item,
  tasks,
  prompts: episodes.map(({ segments }) => [...(segments[0]?.tokenIds ?? [])]),
  observations,
  otherObservation: mid(Object.values(observations).sort((a, b) => a.length - b.length)) ?? [],
  invalidActionMessage: tokenizer.encode(atlasEnvironment.invalidActionMessage ?? '', { allowSpecial: true }),
  stopIds: ['</search>', '</answer>'].flatMap((tag) => tokenizer.encode(tag, { allowSpecial: true })),
  settings: { ...caseSettings(item), environment: atlasEnvironment, endIds: tokenizer.endOfTextIds },
};
await writeFile(folder.prepared, JSON.stringify(prepared));
const correct = episodes.filter(({ outcome }) => outcome.correct).length;
console.log(JSON.stringify({ episodes: episodes.length, correct, queries: Object.keys(observations).length }));
await pool.close();
process.exit(0);
