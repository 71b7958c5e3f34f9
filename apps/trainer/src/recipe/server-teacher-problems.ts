import { type TeacherEstimator, teacherCan } from '@dgpo/distill/teachers';

/** What these checks read of a recipe. */
export interface TeacherUse {
  teacher: { kind: 'scripted' | 'model' | 'server'; topK: number };
  coldStart: { klWeight: number };
  rl: { maxSteps: number; temperature: number; guidance: { gate: string; beta: number; estimator: TeacherEstimator } };
}

/** What a recipe asks of a teacher behind a server that only a model on this machine can give, by dotted path. */
export function serverTeacherProblems({ teacher, coldStart, rl }: TeacherUse): { path: string; message: string }[] {
  const { kind, topK } = teacher;
  if (kind !== 'server') return [];
  const problems: { path: string; message: string }[] = [];
  if (coldStart.klWeight > 0) {
    problems.push({
      path: 'coldStart.klWeight',
      message: 'must be 0 with teacher.kind: server, since a server does not give whole distributions',
    });
  }
  const { gate, beta, estimator } = rl.guidance;
  if (rl.maxSteps === 0 || gate === 'never' || beta === 0) return problems;
  if (!teacherCan({ estimator, kind: 'server', topK })) {
    problems.push({
      path: 'rl.guidance.estimator',
      message:
        estimator === 'topK'
          ? 'topK needs teacher.topK above 0'
          : `${estimator} needs a teacher on this machine; with teacher.kind: server use k1, k2, k3 or abs`,
    });
  }
  if (rl.temperature !== 1) {
    problems.push({
      path: 'rl.temperature',
      message: `must be 1 with teacher.kind: server, whose log-probabilities are those of temperature 1, got ${rl.temperature}`,
    });
  }
  return problems;
}
