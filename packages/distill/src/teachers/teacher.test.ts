import { expect, it } from 'vitest';
import { type TeacherEstimator, teacherCan } from './teacher.js';

it('knows which estimators a teacher can feed', () => {
  const estimators: TeacherEstimator[] = ['k1', 'k2', 'k3', 'abs', 'topK', 'full'];
  const able = (options: { kind: 'local' | 'server'; topK?: number }) =>
    estimators.filter((estimator) => teacherCan({ estimator, ...options }));
  expect(able({ kind: 'server' })).toEqual(['k1', 'k2', 'k3', 'abs']);
  expect(able({ kind: 'server', topK: 8 })).toEqual(['k1', 'k2', 'k3', 'abs', 'topK']);
  expect(able({ kind: 'local' })).toEqual(['k1', 'k2', 'k3', 'abs', 'full']);
});
