import { ConfigError } from '@dgpo/trajectory';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * @param options output embeddings, `[vocabulary, width]` each
 * @throws ConfigError when their vocabularies differ in size
 */
export function requireSameVocabulary(options: { weight: tf.Tensor; teacherWeight: tf.Tensor }): void {
  const [own, other] = [options.weight.shape[0], options.teacherWeight.shape[0]];
  if (own === other) return;
  throw new ConfigError(`student has a vocabulary of ${own} and teacher one of ${other}: they must be the same`, {
    where: 'teacherWeight',
  });
}
