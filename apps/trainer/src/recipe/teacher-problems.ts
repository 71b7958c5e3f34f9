import { type TeacherEstimator, teacherCan } from '@dgpo/distill/teachers';

/** What these checks read of a recipe. */
export interface TeacherUse {
  teacher: { kind: 'scripted' | 'model' | 'server'; topK: number };
  stages: readonly {
    distill?: { objective: string; klWeight: number } | undefined;
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

function distillProblems({ objective, klWeight }: NonNullable<Stage['distill']>): Problem[] {
  if (objective === 'sft' || objective === 'opd' || klWeight === 0) return [];
  const message = 'must be 0 with teacher.kind: server, since a server does not give whole distributions';
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

function rlProblems(rl: NonNullable<Stage['rl']>, topK: number): Problem[] {
  const { temperature, guidance } = rl;
  const { estimator } = guidance;
  const problems: Problem[] = [];
  if (!teacherCan({ estimator, kind: 'server', topK })) {
    problems.push({
      path: estimatorPath,
      message:
        estimator === 'topK'
          ? 'topK needs teacher.topK above 0'
          : `${estimator} needs a teacher on this machine; with teacher.kind: server use k1, k2, k3, abs or, with teacher.topK, topK`,
    });
  }
  if (temperature !== 1) {
    problems.push({
      path: ['rl', 'temperature'],
      message: `must be 1 with teacher.kind: server, whose log-probabilities are those of temperature 1, got ${temperature}`,
    });
  }
  return problems;
}

/** What a recipe asks of a teacher that it cannot give where it is, or that nothing reads. */
export function teacherProblems({ teacher, stages }: TeacherUse): Problem[] {
  const isServer = teacher.kind === 'server';
  const problems = stages.flatMap(({ distill, rl }, index) =>
    [
      ...(distill === undefined || !isServer ? [] : distillProblems(distill)),
      ...(rl === undefined || !pulls(rl)
        ? []
        : isServer && rl.guidance.reference === 'teacher'
          ? rlProblems(rl, teacher.topK)
          : localProblems(rl)),
    ].map(({ path, message }) => ({ path: ['stages', index, ...path], message })),
  );
  const readsTopK = stages.some(({ rl }) => rl !== undefined && pulls(rl) && rl.guidance.estimator === 'topK');
  if (!isServer || teacher.topK === 0 || readsTopK) return problems;
  return [...problems, { path: ['teacher', 'topK'], message: 'has no effect without rl.guidance.estimator: topK' }];
}
