import { equivalentAnswers } from '@dgpo/envs/math';
import type { Task } from '@dgpo/trajectory';

/** Whether an answer of mathematics is equal to a golden one. @throws ConfigError where `mathjs` is needed and not installed. */
export const isEquivalent = ({ task, answer }: { task: Task; answer: string }): boolean =>
  task.goldenAnswers.some((goldenAnswer) => equivalentAnswers({ answer, goldenAnswer }).verdict === 'equal');
