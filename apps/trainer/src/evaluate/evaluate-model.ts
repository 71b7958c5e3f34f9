import {
  passagesByTitle,
  type ReadingScore,
  type ScoreSummary,
  scoreTrajectories,
  sourceReferencing,
  thinking,
  typeOf,
} from '@dgpo/arc';
import { type HintReport, summarizeHintEpisodes } from '@dgpo/distill/hints';
import { ConfigError, ModelError, type Task, type Trajectory } from '@dgpo/trajectory';
import { type MostFrequentAnswerBaseline, mostFrequentAnswerBaseline } from '../atlas/most-frequent-answer.js';
import { isSearch } from '../compute/environment-settings.js';
import type { EpisodesJob } from '../compute/episodes-job.js';
import type { SelfConsistency, VotingCost } from '../compute/voted-episodes-job.js';
import { type Playground, playEpisodes } from '../train/play-episodes.js';
import { goldEvidence } from './gold-evidence.js';
import { addCosts, playVoted } from './play-voted.js';
import { readAnswers } from './read-answers.js';

/** Questions that are scored together. */
export interface EvaluationSet {
  /** Unique among the sets. */
  name: string;
  tasks: readonly Task[];
}

/** The ARC components that are measured apart from searching. */
export interface ReadingScores {
  /** The first search brings the gold passages; answer at once. */
  sourceReferencing: ReadingScore;
  /** The first search brings the gold passages, and so does every further one; reason first. */
  thinking: ReadingScore;
}

/** What a policy did on one set. */
export interface SetEvaluation {
  name: string;
  /** Every measure with its interval, over all episodes and by number of hops (else by type). */
  summary: ScoreSummary;
  /** In the order of the tasks. */
  trajectories: Trajectory[];
  /** What guessing the most frequent answer of each question type would score. */
  baseline: MostFrequentAnswerBaseline;
  /** Absent without a corpus, for the scripted expert, and where no task names passages of the corpus. */
  arc?: ReadingScores;
  /** Success, score, turns and tokens, by family of tasks; of a household or a shop. */
  play?: HintReport;
  /** What voting on turns took; absent where none was voted on. */
  cost?: VotingCost;
}

export interface ModelEvaluation {
  /** In the order of the sets. */
  sets: SetEvaluation[];
}

export interface EvaluationProgress {
  set: string;
  /** What is being measured. */
  part: 'episodes' | 'source referencing' | 'thinking';
  done: number;
  total: number;
}

export interface EvaluateModelOptions {
  playground: Playground;
  /** A model that the workers have, or the scripted expert. */
  policy: EpisodesJob['policy'];
  sets: readonly EvaluationSet[];
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** Of nucleus sampling of episodes. @default 1 */
  topP?: number;
  /** Plays a set in place of the workers; its episodes in the order of tasks and samples. @default the workers play */
  play?: (set: EvaluationSet) => Promise<Trajectory[]>;
  /** Votes on the turns of a model, at a temperature of its own. @default every turn is the only one */
  selfConsistency?: SelfConsistency;
  /** Episodes per question; of use above temperature 0 only. @default 1 */
  samplesPerTask?: number;
  /** Of sampling and of the bootstrap. */
  seed: number;
  /** Episodes side by side in one worker. @default 64 */
  batchSize?: number;
  /** The passages behind the retriever, for source referencing and thinking; without them these are left out. */
  corpus?: Iterable<{ contents: string }>;
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
  /** Told of each part at its start, with nothing done, and as it goes on. */
  onProgress?: (progress: EvaluationProgress) => void;
  /** Told of the episodes of a set as they end, a few batches at a time. */
  onEpisodes?: (played: { set: string; trajectories: readonly Trajectory[] }) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Plays every question of every set and scores the episodes; with a corpus it also measures source referencing and thinking. The
 * figures do not depend on the number of workers or the batch size.
 *
 * @throws ConfigError when two sets have one name or a set has no tasks; whatever the workers throw; the signal's reason.
 */
export async function evaluateModel(options: EvaluateModelOptions): Promise<ModelEvaluation> {
  const { sets, corpus } = options;
  const names = new Set(sets.map(({ name }) => name));
  if (names.size !== sets.length) throw new ConfigError('two sets have the same name', { where: 'sets' });
  const empty = sets.find(({ tasks }) => tasks.length === 0);
  if (empty !== undefined) throw new ConfigError('has no questions', { where: `set ${empty.name}` });
  const byTitle = corpus === undefined ? undefined : passagesByTitle(corpus);
  const evaluations: SetEvaluation[] = [];
  for (const set of sets) {
    const { trajectories, cost } =
      options.play === undefined
        ? await playSet(options, set)
        : { trajectories: await options.play(set), cost: undefined };
    const arc =
      byTitle === undefined
        ? undefined
        : await readSet(options, set, trajectories, (task) => goldEvidence({ task, corpus: byTitle }));
    evaluations.push({
      name: set.name,
      summary: scoreTrajectories(trajectories, bootstrapOf(options)),
      trajectories,
      baseline: mostFrequentAnswerBaseline(set.tasks),
      ...(arc === undefined ? {} : { arc }),
      ...(cost === undefined ? {} : { cost }),
      ...(isSearch(options.playground.environment)
        ? {}
        : { play: summarizeHintEpisodes({ trajectories, categoryOf: ({ task }) => typeOf(task) }) }),
    });
  }
  return { sets: evaluations };
}

const bootstrapOf = ({ bootstrapSamples = 1000, seed }: EvaluateModelOptions) => ({ bootstrapSamples, seed });

async function playSet(
  options: EvaluateModelOptions,
  { name, tasks }: EvaluationSet,
): Promise<{ trajectories: Trajectory[]; cost?: VotingCost }> {
  const {
    playground,
    policy,
    selfConsistency,
    temperature = 0,
    topP,
    samplesPerTask = 1,
    seed,
    batchSize = 64,
    signal,
  } = options;
  const trajectories: Trajectory[] = [];
  const costs: VotingCost[] = [];
  const total = tasks.length * samplesPerTask;
  options.onProgress?.({ set: name, part: 'episodes', done: 0, total });
  // A few batches at a time: an interrupt does not wait for the whole set, and progress shows. An episode draws by its own task.
  const share = Math.max(
    1,
    Math.ceil((4 * batchSize * (playground.executor ?? playground.pool).parallel) / samplesPerTask),
  );
  for (let start = 0; start < tasks.length; start += share) {
    const before = trajectories.length;
    const shared = {
      ...playground,
      tasks: tasks.slice(start, start + share),
      samplesPerTask,
      seed,
      batchSize,
      onProgress: (done: number) => options.onProgress?.({ set: name, part: 'episodes', done: before + done, total }),
      signal,
    };
    if (selfConsistency === undefined || policy === 'expert') {
      const sampling = { temperature, ...(topP === undefined ? {} : { topP }) };
      trajectories.push(...(await playEpisodes({ ...shared, policy, ...sampling })));
    } else {
      const voted = await playVoted({ ...shared, policy, selfConsistency });
      trajectories.push(...voted.episodes);
      costs.push(voted.cost);
    }
    options.onEpisodes?.({ set: name, trajectories: trajectories.slice(before) });
  }
  return { trajectories, ...(costs.length === 0 ? {} : { cost: addCosts(costs) }) };
}

/** The tokens of the first turn, where that is a search. */
function firstSearch({ actions, segments }: Trajectory): number[] | undefined {
  if (actions[0]?.kind !== 'search') return undefined;
  return segments.find(({ kind }) => kind === 'policy')?.tokenIds;
}

async function readSet(
  options: EvaluateModelOptions,
  { name, tasks }: EvaluationSet,
  trajectories: readonly Trajectory[],
  evidenceOf: (task: Task) => string[],
): Promise<ReadingScores | undefined> {
  const { playground, policy, temperature = 0, seed, batchSize = 64, signal, onProgress } = options;
  const { environment } = playground;
  if (policy === 'expert' || !isSearch(environment) || (environment.format ?? 'tags') !== 'tags') return undefined;
  const passages = new Map(tasks.map((task) => [task, evidenceOf(task)]));
  const readable = tasks.filter((task) => task.goldenAnswers.length > 0 && (passages.get(task)?.length ?? 0) > 0);
  if (readable.length === 0) return undefined;
  const searches = new Map(trajectories.map((trajectory) => [trajectory.task.id, firstSearch(trajectory)]));
  const answer = (think: boolean, part: EvaluationProgress['part']) => {
    onProgress?.({ set: name, part, done: 0, total: readable.length });
    return readAnswers({
      ...playground,
      environment,
      policy,
      requests: readable.map((task) => {
        const searchTokenIds = searches.get(task.id);
        const request = { task, passages: passages.get(task) ?? [] };
        return searchTokenIds === undefined ? request : { ...request, searchTokenIds };
      }),
      think,
      temperature,
      seed,
      batchSize,
      onProgress: (done) => onProgress?.({ set: name, part, done, total: readable.length }),
      signal,
    });
  };
  const reading = (think: boolean, part: EvaluationProgress['part']) => ({
    tasks,
    goldPassages: (task: Task) => passages.get(task) ?? [],
    ...bootstrapOf(options),
    // The requests of arc carry the question alone; the prompt may be one that the task brings.
    answerFrom: async (requests: readonly unknown[]) => {
      if (requests.length !== readable.length) throw new ModelError('the questions to read are not those asked for');
      return answer(think, part);
    },
  });
  return {
    sourceReferencing: await sourceReferencing(reading(false, 'source referencing')),
    thinking: await thinking(reading(true, 'thinking')),
  };
}
