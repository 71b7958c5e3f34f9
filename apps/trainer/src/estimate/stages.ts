import type { DecoderConfig } from '@dgpo/lm';
import type { Recipe } from '../recipe/recipe-schema.js';
import { typicalEpisode } from './episode-size.js';
import type { Work } from './work.js';

/** What the stages of a run have to do. */
export interface StageWork {
  name: string;
  work: Work[];
}

export interface StagesOptions {
  recipe: Recipe;
  student: DecoderConfig;
  teacher: DecoderConfig;
  /** Training questions. */
  trainQuestions: number;
  /** Questions of each held-out set. */
  evalQuestions: readonly number[];
}

/** Tokens of every stage, with episodes of typical size. */
export function stagesOf(options: StagesOptions): StageWork[] {
  const { recipe, student, teacher, trainQuestions } = options;
  const { pretrain, coldStart, rl, evaluation } = recipe;
  const episode = typicalEpisode(recipe);
  const scripted = recipe.teacher.kind === 'scripted';
  /** Work of a teacher on this machine; one behind a server does it there. */
  const taughtHere = (work: Work[]): Work[] => (recipe.teacher.kind === 'server' ? [] : work);

  const train = (model: DecoderConfig, tokens: number, context: number): Work => ({
    kind: 'train',
    model,
    tokens,
    context,
  });
  const score = (model: DecoderConfig, tokens: number): Work => ({
    kind: 'score',
    model,
    tokens,
    context: episode.total,
  });
  const play = (model: DecoderConfig, episodes: number): Work[] => [
    { kind: 'sample', model, tokens: episodes * episode.sampled, context: episode.total },
    score(model, episodes * (episode.total - episode.sampled)),
  ];

  /** Episodes, and twice the reading of gold passages in one turn. */
  const examine = (model: DecoderConfig, count: number): Work[] => [
    ...play(model, count),
    { kind: 'sample', model, tokens: 2 * count * episode.perTurn, context: episode.total },
    score(model, 2 * count * (episode.total - episode.sampled)),
  ];

  const pretrained = pretrain === undefined ? 0 : pretrain.maxSteps * pretrain.batchSize * pretrain.maxLength;
  const demonstrations = Math.min(coldStart.numTasks, trainQuestions) * coldStart.samplesPerTask;
  const kept = Math.min(demonstrations, coldStart.maxEpisodes);
  const imitated = coldStart.numTrainEpochs * kept * episode.total;
  const updates = rl.maxSteps;
  const episodes = rl.tasksPerStep * rl.numGenerations;
  const episodeTokens = updates * episodes * episode.total;
  const guided = rl.guidance.gate !== 'never' && rl.guidance.beta > 0;
  const questions = options.evalQuestions.reduce((sum, count) => sum + Math.min(count, evaluation.tasksPerSet), 0);

  const fresh = [
    ...(recipe.student.path === undefined ? [{ name: 'pretrain student', model: student }] : []),
    ...(scripted ? [{ name: 'pretrain teacher', model: teacher }] : []),
  ];
  const taught = 2 * coldStart.numTrainEpochs * trainQuestions;
  return [
    ...(pretrain === undefined ? [] : fresh).map(({ name, model }) => ({
      name,
      work: [train(model, pretrained, pretrain?.maxLength ?? 0)],
    })),
    ...(scripted ? [{ name: 'teacher', work: [train(teacher, taught * episode.total, episode.total)] }] : []),
    { name: 'teacher outputs', work: taughtHere(play(teacher, demonstrations)) },
    {
      name: 'cold start',
      work: [
        train(student, imitated, episode.total),
        ...(coldStart.klWeight > 0 ? taughtHere([score(teacher, imitated)]) : []),
      ],
    },
    {
      name: rl.algorithm,
      work: [
        ...play(student, updates * episodes),
        ...(guided ? taughtHere([score(teacher, episodeTokens)]) : []),
        train(student, episodeTokens * rl.ppoEpochs, episode.total),
        ...(rl.algorithm === 'ppo'
          ? [score(student, episodeTokens), train(student, episodeTokens * rl.ppoEpochs, episode.total)]
          : []),
      ],
    },
    // Base, cold start and the trained student, and the teacher.
    { name: 'evaluation', work: [...examine(student, 3 * questions), ...taughtHere(examine(teacher, questions))] },
  ];
}
