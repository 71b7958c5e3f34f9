import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError when two models cannot be compared token by token */
export function requireSameVocabulary(models: {
  student: { vocabularySize: number };
  teacher: { vocabularySize: number };
}): void {
  const { student, teacher } = models;
  if (student.vocabularySize === teacher.vocabularySize) return;
  throw new ConfigError(
    `the student has a vocabulary of ${student.vocabularySize} and the teacher one of ${teacher.vocabularySize}; take models of one family, or objective: sft, which needs tokens only`,
    { where: 'teacher' },
  );
}
