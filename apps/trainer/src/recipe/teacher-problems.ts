import { type TeacherEstimator, teacherCan } from '@dgpo/distill/teachers';

/** What these checks read of a recipe. */
export interface TeacherUse {
  teacher: {
    kind: 'scripted' | 'model' | 'server' | 'hinted';
    api: string;
    continueFinalMessage: boolean;
    topK: number;
  };
  stages: readonly {
    distill?: { objective: string; klWeight: number; demonstrator?: string; firstThoughtPrefix?: boolean } | undefined;
    rl?:
      | {
          maxSteps: number;
          temperature: number;
          guidance: { gate: string; beta: number; estimator: TeacherEstimator; reference: 'teacher' | 'initial' };
        }
      | undefined;
  }[];
}

interface Problem {
  path: (string | number)[];
  message: string;
}

type Stage = TeacherUse['stages'][number];

/** A teacher that is asked for the log-probabilities of tokens. */
type ScoringTeacher = 'server' | 'hinted';

function distillProblems({ objective, klWeight }: NonNullable<Stage['distill']>, kind: ScoringTeacher): Problem[] {
  if (objective === 'sft' || objective === 'opd' || klWeight === 0) return [];
  const message = `must be 0 with teacher.kind: ${kind}, which does not give whole distributions`;
  return [{ path: ['distill', 'klWeight'], message }];
}

const estimatorPath = ['rl', 'guidance', 'estimator'];

const pulls = ({ maxSteps, guidance }: NonNullable<Stage['rl']>) =>
  maxSteps > 0 && guidance.gate !== 'never' && guidance.beta > 0;

/** The reference is a model on this machine, whose whole distribution costs no more than its most likely tokens. */
function localProblems(rl: NonNullable<Stage['rl']>): Problem[] {
  if (rl.guidance.estimator !== 'topK') return [];
  const message = 'topK is for teachers that give only their top k; this reference is a local model: take full';
  return [{ path: estimatorPath, message }];
}

function rlProblems(rl: NonNullable<Stage['rl']>, topK: number, kind: ScoringTeacher): Problem[] {
  const { temperature, guidance } = rl;
  const { estimator } = guidance;
  const problems: Problem[] = [];
  if (!teacherCan({ estimator, kind: 'server', topK })) {
    problems.push({
      path: estimatorPath,
      message:
        kind === 'hinted'
          ? `${estimator} needs whole distributions; with teacher.kind: hinted use k1, k2, k3 or abs`
          : estimator === 'topK'
            ? 'topK needs teacher.topK above 0'
            : `${estimator} needs a teacher on this machine; with teacher.kind: server use k1, k2, k3, abs or, with teacher.topK, topK`,
    });
  }
  if (temperature !== 1) {
    problems.push({
      path: ['rl', 'temperature'],
      message: `must be 1 with teacher.kind: ${kind}, whose log-probabilities are those of temperature 1, got ${temperature}`,
    });
  }
  return problems;
}

/** A model with hints is there once a stage has made some, and plays by another name. */
function hintedProblems(stages: readonly Stage[]): Problem[] {
  const made = stages.findIndex(({ distill }) => distill?.demonstrator === 'hinted');
  const plays = stages.findIndex(
    ({ distill }) => distill?.demonstrator === 'teacher' && ['sft', 'kd'].includes(distill.objective),
  );
  const early = stages.findIndex(
    ({ distill, rl }, index) =>
      (made < 0 || index <= made) &&
      ((distill !== undefined && distill.objective !== 'sft') ||
        (rl !== undefined && pulls(rl) && rl.guidance.reference === 'teacher')),
  );
  return [
    ...(plays < 0
      ? []
      : [{ path: ['stages', plays, 'distill', 'demonstrator'], message: 'is hinted for a teacher with kind: hinted' }]),
    ...(made >= 0 && early < 0
      ? []
      : [{ path: ['teacher', 'kind'], message: 'hinted needs a stage with demonstrator: hinted before it guides' }]),
  ];
}

/** Chat completions are text: they show the student what to do, and score nothing. */
function chatProblems({ distill, rl }: Stage, continueFinalMessage: boolean): Problem[] {
  const asksScores =
    distill === undefined
      ? rl !== undefined && rl.guidance.gate !== 'never' && rl.guidance.reference === 'teacher'
      : distill.objective !== 'sft';
  if (asksScores) {
    const path = distill === undefined ? ['rl', 'guidance', 'reference'] : ['distill', 'objective'];
    const message =
      'needs scores of the teacher, and teacher.api: chat gives text alone; take objective: sft, or a server that scores token ids';
    return [{ path, message }];
  }
  if (distill?.firstThoughtPrefix !== true || distill.demonstrator !== 'teacher' || continueFinalMessage) return [];
  const message =
    'needs teacher.continueFinalMessage: true with teacher.api: chat, and a server that goes on with a final message (vLLM, SGLang); else set it false';
  return [{ path: ['distill', 'firstThoughtPrefix'], message }];
}

/** What a recipe asks of a teacher that it cannot give where it is, or that nothing reads. */
export function teacherProblems({ teacher, stages }: TeacherUse): Problem[] {
  const scoring = teacher.kind === 'server' || teacher.kind === 'hinted' ? teacher.kind : undefined;
  const isChat = teacher.kind === 'server' && teacher.api === 'chat';
  const problems = stages.flatMap(({ distill, rl }, index) =>
    [
      ...(isChat ? chatProblems({ distill, rl }, teacher.continueFinalMessage) : []),
      ...(distill === undefined || scoring === undefined ? [] : distillProblems(distill, scoring)),
      ...(rl === undefined || !pulls(rl)
        ? []
        : scoring !== undefined && rl.guidance.reference === 'teacher'
          ? rlProblems(rl, teacher.topK, scoring)
          : localProblems(rl)),
    ].map(({ path, message }) => ({ path: ['stages', index, ...path], message })),
  );
  if (teacher.kind === 'hinted') problems.push(...hintedProblems(stages));
  const readsTopK = stages.some(({ rl }) => rl !== undefined && pulls(rl) && rl.guidance.estimator === 'topK');
  if (teacher.kind !== 'server' || teacher.topK === 0 || readsTopK) return problems;
  return [...problems, { path: ['teacher', 'topK'], message: 'has no effect without rl.guidance.estimator: topK' }];
}
