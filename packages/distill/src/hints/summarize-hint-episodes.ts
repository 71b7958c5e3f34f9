import { DatasetError, type Trajectory } from '@dgpo/trajectory';
import { hintCategory } from './hint-task.js';

/** Means over episodes; all 0 without one. */
export interface HintSummary {
  episodes: number;
  /** Share of correct episodes, from 0 to 1. */
  success: number;
  /** Mean reward, from 0 to 1; the published score of a shop is 100 times that. */
  score: number;
  /** Mean number of turns. */
  steps: number;
  /** Mean of {@link episodeTokens}, with the tokens of retrieval where they are counted. */
  tokens: number;
  /** Share of episodes with an action that could not be read or carried out. */
  invalid: number;
}

export interface HintReport extends HintSummary {
  /** By category, in the order of their names; episodes without one are in the whole alone. */
  categories: (HintSummary & { category: string })[];
  /** Episodes that the environment failed; they are in no other number. */
  errors: number;
}

export interface SummarizeHintEpisodesOptions {
  trajectories: Iterable<Trajectory>;
  /** Tokens that retrieval took for an episode; counted where given. The published runs count them for shops alone. */
  retrievalTokens?: (trajectory: Trajectory) => number;
  /** @default what the task says of itself, see `hintCategory` */
  categoryOf?: (trajectory: Trajectory) => string | null;
}

/**
 * Tokens that went through the model in an episode: for every turn the whole context before it and what the policy wrote.
 * @throws DatasetError for a segment without token ids
 */
export function episodeTokens({ id, segments }: Pick<Trajectory, 'id' | 'segments'>): number {
  let context = 0;
  let total = 0;
  for (const [index, { kind, tokenIds }] of segments.entries()) {
    if (tokenIds === undefined) {
      throw new DatasetError('no tokenIds, only text: tokens cannot be counted', {
        where: `trajectory ${id}, segment ${index}`,
      });
    }
    context += tokenIds.length;
    // A turn may be two segments: a prefix that was given to the policy, and what it sampled.
    if (kind === 'policy' && segments[index + 1]?.kind !== 'policy') total += context;
  }
  return total;
}

/** Sums over episodes, turned into means at the end. */
function createMeans() {
  const sums: HintSummary = { episodes: 0, success: 0, score: 0, steps: 0, tokens: 0, invalid: 0 };
  return {
    add({ actions, outcome }: Trajectory, tokens: number) {
      sums.episodes += 1;
      sums.success += outcome.correct ? 1 : 0;
      sums.score += outcome.reward;
      sums.steps += actions.length;
      sums.tokens += tokens;
      sums.invalid += actions.some(({ executed }) => !executed) ? 1 : 0;
    },
    means(): HintSummary {
      const { episodes, invalid, score, steps, success, tokens } = sums;
      const mean = (sum: number) => (episodes === 0 ? 0 : sum / episodes);
      return {
        episodes,
        success: mean(success),
        score: mean(score),
        steps: mean(steps),
        tokens: mean(tokens),
        invalid: mean(invalid),
      };
    },
  };
}

/**
 * The numbers of a report on hint distillation, over all episodes and by category.
 * @throws DatasetError for an episode without token ids
 */
export function summarizeHintEpisodes(options: SummarizeHintEpisodesOptions): HintReport {
  const { trajectories, retrievalTokens = () => 0, categoryOf = ({ task }) => hintCategory(task) } = options;
  const all = createMeans();
  const categories = new Map<string, ReturnType<typeof createMeans>>();
  let errors = 0;
  for (const trajectory of trajectories) {
    if (trajectory.outcome.endedBy === 'error') {
      errors += 1;
      continue;
    }
    const tokens = episodeTokens(trajectory) + retrievalTokens(trajectory);
    const category = categoryOf(trajectory);
    all.add(trajectory, tokens);
    if (category === null) continue;
    const own = categories.get(category) ?? createMeans();
    categories.set(category, own);
    own.add(trajectory, tokens);
  }
  const byName = [...categories].sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    ...all.means(),
    categories: byName.map(([category, own]) => ({ category, ...own.means() })),
    errors,
  };
}
