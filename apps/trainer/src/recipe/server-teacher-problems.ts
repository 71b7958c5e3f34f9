import { type TeacherEstimator, teacherCan } from '@dgpo/distill/teachers';

/** What these checks read of a recipe. */
export interface TeacherUse {
  teacher: { kind: 'scripted' | 'model' | 'server'; topK: number };
  stages: readonly {
    distill?: { objective: string; klWeight: number } | undefined;
    rl?:
      | { maxSteps: number; temperature: number; guidance: { gate: string; beta: number; estimator: TeacherEstimator } }
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

function rlProblems({ maxSteps, temperature, guidance }: NonNullable<Stage['rl']>, topK: number): Problem[] {
  const { gate, beta, estimator } = guidance;
  if (maxSteps === 0 || gate === 'never' || beta === 0) return [];
  const problems: Problem[] = [];
  if (!teacherCan({ estimator, kind: 'server', topK })) {
    problems.push({
      path: ['rl', 'guidance', 'estimator'],
      message:
        estimator === 'topK'
          ? 'topK needs teacher.topK above 0'
          : `${estimator} needs a teacher on this machine; with teacher.kind: server use k1, k2, k3 or abs`,
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

/** What a recipe asks of a teacher behind a server that only a model on this machine can give. */
export function serverTeacherProblems({ teacher, stages }: TeacherUse): Problem[] {
  if (teacher.kind !== 'server') return [];
  return stages.flatMap(({ distill, rl }, index) =>
    [
      ...(distill === undefined ? [] : distillProblems(distill)),
      ...(rl === undefined ? [] : rlProblems(rl, teacher.topK)),
    ].map(({ path, message }) => ({ path: ['stages', index, ...path], message })),
  );
}
