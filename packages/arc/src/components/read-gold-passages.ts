import { ConfigError, exactMatch, ModelError, type Task } from '@dgpo/trajectory';
import { coverExactMatch } from '../metrics/cover-exact-match.js';
import { tokenF1 } from '../metrics/token-f1.js';
import { type BootstrapOptions, bootstrapFigures } from '../statistics/bootstrap-figures.js';
import { emptyFigure, type Figure } from '../statistics/figure.js';

/** One question to answer from given passages, without searching. */
export interface ReadingRequest {
  question: string;
  /** Contents of the gold passages: title on the first line, then the text. */
  passages: string[];
  /**
   * False: answer at once, as after a prompt that ends in the search, the passages and an opened answer tag. True: reason first, as
   * after one that ends in an opened think tag.
   */
  think: boolean;
}

/**
 * The only thing asked of a model: the final answer to each request, in order, an empty string where it gave none, null where it could
 * not be asked (such a task is counted and left out). Batching, prompts and decoding are its own affair; greedy decoding makes the
 * figures repeatable.
 */
export type AnswerFrom = (requests: readonly ReadingRequest[]) => Promise<(string | null)[]>;

export interface ReadingOptions extends BootstrapOptions {
  tasks: readonly Task[];
  /** The gold passages of a task, such as from `recordPassages` or {@link goldPassages}; a task without any is skipped and counted. */
  goldPassages: (task: Task) => readonly string[];
  answerFrom: AnswerFrom;
}

/** The answer to one task. */
export interface ReadingEpisode {
  taskId: string;
  question: string;
  answer: string;
  exactMatch: number;
  coverExactMatch: number;
  f1: number;
}

export interface ReadingScore {
  exactMatch: Figure;
  coverExactMatch: Figure;
  f1: Figure;
  /** Share of tasks with an answer that is not empty. */
  answered: Figure;
  /** Tasks left out because they have no gold passages or no golden answers. */
  skippedTasks: number;
  /** Tasks left out because the model could not be asked. */
  failedTasks: number;
  episodes: ReadingEpisode[];
}

/** Answers from gold passages, scored; what {@link sourceReferencing} and {@link thinking} share. */
export async function readGoldPassages(options: ReadingOptions & { think: boolean }): Promise<ReadingScore> {
  const { tasks, goldPassages, answerFrom, think, ...bootstrap } = options;
  const readable = tasks.flatMap((task) => {
    const passages = goldPassages(task);
    return passages.length === 0 || task.goldenAnswers.length === 0 ? [] : [{ task, passages }];
  });
  if (tasks.length > 0 && readable.length === 0) {
    throw new ConfigError(
      'no task has both golden answers and gold passages: check the supporting titles against the corpus',
      {
        where: 'tasks',
      },
    );
  }
  const requests = readable.map(({ task, passages }) => ({ question: task.question, passages: [...passages], think }));
  const answers = requests.length === 0 ? [] : await answerFrom(requests);
  if (answers.length !== requests.length) {
    throw new ModelError(`expected ${requests.length} answers, one per request in order, got ${answers.length}`, {
      where: 'answerFrom',
    });
  }
  const episodes = readable.flatMap(({ task }, index): ReadingEpisode[] => {
    const answer = answers[index] ?? null;
    if (answer === null) return [];
    const prediction = answer.trim() === '' ? null : answer;
    return [
      {
        taskId: task.id,
        question: task.question,
        answer,
        exactMatch: Number(exactMatch(prediction, task.goldenAnswers)),
        coverExactMatch: Number(coverExactMatch(prediction, task.goldenAnswers)),
        f1: tokenF1(prediction, task.goldenAnswers),
      },
    ];
  });
  const [exact = emptyFigure(), cover = emptyFigure(), f1 = emptyFigure(), answered = emptyFigure()] = bootstrapFigures(
    {
      ...bootstrap,
      columns: [
        episodes.map((episode) => episode.exactMatch),
        episodes.map((episode) => episode.coverExactMatch),
        episodes.map((episode) => episode.f1),
        episodes.map((episode) => Number(episode.answer.trim() !== '')),
      ],
    },
  );
  return {
    exactMatch: exact,
    coverExactMatch: cover,
    f1,
    answered,
    skippedTasks: tasks.length - readable.length,
    failedTasks: readable.length - episodes.length,
    episodes,
  };
}
