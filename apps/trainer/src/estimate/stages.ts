import type { DecoderConfig } from '@dgpo/lm';
import { type DistillSettings, playsEpisodes, usesDemonstrations } from '../recipe/distill-section.js';
import { environmentKindOf } from '../recipe/environment-kind.js';
import { hasTeacherHere } from '../recipe/needs-teacher.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { isGuided, type RlSettings, usesCritic } from '../recipe/rl-section.js';
import { textWorldOf } from '../recipe/world-effects.js';
import { typicalEpisode, typicalThought } from './episode-size.js';
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
  const { pretrain, evaluation } = recipe;
  const { selfConsistency } = evaluation;
  const episode = typicalEpisode(recipe);
  const here = hasTeacherHere(recipe);
  const scripted = recipe.teacher.kind === 'scripted' && here;
  /** Work of a teacher on this machine; one behind a server does it there. */
  const taughtHere = (work: Work[]): Work[] => (here ? work : []);

  const train = (model: DecoderConfig, tokens: number, context: number): Work => ({
    kind: 'train',
    model,
    tokens,
    context,
  });
  const score = (model: DecoderConfig, tokens: number, context = episode.total): Work => ({
    kind: 'score',
    model,
    tokens,
    context,
  });
  // Candidates of a turn read what is before it once.
  const play = (model: DecoderConfig, episodes: number, { size = episode, candidates = 1 } = {}): Work[] => [
    { kind: 'sample', model, tokens: episodes * candidates * size.sampled, context: size.total },
    score(model, episodes * (size.total - size.sampled), size.total),
  ];

  const { format = 'tags' } = recipe.environment;
  const reads = textWorldOf(recipe.data) === undefined && environmentKindOf(recipe) === 'search' && format === 'tags';
  /** Episodes, and where an agent searches twice the reading of gold passages in one turn. */
  const examine = (model: DecoderConfig, count: number, candidates = 1): Work[] => [
    ...play(model, count, { candidates }),
    ...(reads
      ? [
          { kind: 'sample' as const, model, tokens: 2 * count * episode.perTurn, context: episode.total },
          score(model, 2 * count * (episode.total - episode.sampled)),
        ]
      : []),
  ];

  const pretrained = pretrain === undefined ? 0 : pretrain.maxSteps * pretrain.batchSize * pretrain.maxLength;
  const questions = options.evalQuestions.reduce((sum, count) => sum + Math.min(count, evaluation.tasksPerSet), 0);

  const fresh = [
    ...(recipe.student.path === undefined ? [{ name: 'pretrain student', model: student }] : []),
    ...(scripted && recipe.teacher.lora === undefined ? [{ name: 'pretrain teacher', model: teacher }] : []),
  ];
  const taught = recipe.teacher.training.numTrainEpochs * trainQuestions;
  const distil = (settings: DistillSettings, isFirst: boolean): Work[] => {
    const offline = usesDemonstrations(settings);
    const demonstrations = offline ? Math.min(settings.numTasks, trainQuestions) * settings.samplesPerTask : 0;
    const episodes = offline
      ? settings.numTrainEpochs * Math.min(demonstrations, settings.maxEpisodes)
      : settings.maxSteps * settings.batchSize;
    // The adaptive share of DistiLLM is not known beforehand: at most all.
    const own = settings.objective === 'gkd' ? settings.onPolicy.fraction : 1;
    const tokens = episodes * episode.total;
    const guided = settings.objective === 'kd' ? settings.klWeight > 0 : settings.objective !== 'sft';
    const thoughts = offline && settings.firstThoughtPrefix ? Math.min(settings.numTasks, trainQuestions) : 0;
    const thinking = { size: typicalThought(recipe, settings) };
    return [
      ...(offline && settings.demonstrator === 'teacher'
        ? taughtHere([...play(teacher, thoughts, thinking), ...play(teacher, demonstrations)])
        : []),
      ...(settings.demonstrator === 'self' ? play(student, thoughts, thinking) : []),
      // Without hints, once for all stages, and with them.
      ...(isOwn(settings) && isFirst ? play(student, demonstrations) : []),
      ...(settings.demonstrator === 'hinted' ? play(student, demonstrations) : []),
      ...(playsEpisodes(settings) ? play(student, Math.round(own * episodes)) : []),
      train(student, tokens, episode.total),
      ...(guided ? taughtHere([score(teacher, tokens)]) : []),
    ];
  };
  const reinforce = (settings: RlSettings): Work[] => {
    const episodes = settings.maxSteps * settings.tasksPerStep * settings.numGenerations;
    const tokens = episodes * episode.total;
    const trained = train(student, tokens * settings.ppoEpochs, episode.total);
    const guiding =
      settings.guidance.reference === 'teacher' ? taughtHere([score(teacher, tokens)]) : [score(student, tokens)];
    return [
      ...play(student, episodes),
      ...(isGuided(settings) ? guiding : []),
      trained,
      ...(usesCritic(settings) ? [score(student, tokens), trained] : []),
    ];
  };
  const isOwn = ({ demonstrator }: DistillSettings) => demonstrator === 'self' || demonstrator === 'hinted';
  const own = recipe.stages.flatMap(({ distill }) => (distill !== undefined && isOwn(distill) ? [distill] : []));
  const hinted = own.filter(({ demonstrator }) => demonstrator === 'hinted').length;
  const models = recipe.stages.length + 1 + hinted;
  return [
    ...(pretrain === undefined ? [] : fresh).map(({ name, model }) => ({
      name,
      work: [train(model, pretrained, pretrain?.maxLength ?? 0)],
    })),
    ...(scripted ? [{ name: 'teacher', work: [train(teacher, taught * episode.total, episode.total)] }] : []),
    ...recipe.stages.map(({ name, distill, rl }) => ({
      name,
      work: [
        ...(distill === undefined ? [] : distil(distill, distill === own[0])),
        ...(rl === undefined ? [] : reinforce(rl)),
      ],
    })),
    // The base, also with hints, and what every stage made of it, also with votes, and the teacher.
    {
      name: 'evaluation',
      work: [
        ...examine(student, models * questions),
        ...(selfConsistency === undefined
          ? []
          : examine(student, recipe.stages.length * questions, selfConsistency.samples)),
        ...taughtHere(examine(teacher, questions)),
      ],
    },
  ];
}
