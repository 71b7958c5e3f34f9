import { RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Encoder } from '../vector/encoder.js';
import { readHashedEncoder } from '../vector/hashed-encoder.js';
import { openEmbeddingsEncoder } from './embeddings-encoder.js';
import { openTransformersEncoder } from './transformers-encoder.js';
import type { TransformersSeam } from './transformers-module.js';

export interface OpenEncoderOptions {
  /** `settings` of the encoder that is to be restored, as JSON gave them back. */
  settings: unknown;
  /** Where the encoder's `save` wrote. */
  directory: string;
  /**
   * Where keys are looked up, and `DGPO_ENCODER_MODEL` and `DGPO_ENCODER_URL`: the folder of the model and the server, where they
   * have moved.
   * @default process.env
   */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Test seam. */
  _internal?: TransformersSeam;
}

/**
 * Restores any encoder of this package: the one that gives the same vectors as the one whose settings these are.
 * @throws RetrieverError for settings of another kind, damaged ones, or another model than the one they name; ConfigError when the model,
 * the server's key or an optional peer is not there.
 */
export async function openEncoder({
  settings,
  directory,
  environment = process.env,
  _internal,
}: OpenEncoderOptions): Promise<Encoder> {
  const parsed = z.looseObject({ kind: z.string() }).safeParse(settings);
  const kind = parsed.data?.kind;
  try {
    if (kind === 'hashed') return await readHashedEncoder(settings, directory);
    if (kind === 'transformers') return await openTransformersEncoder({ settings, environment, _internal });
    if (kind === 'embeddings') return await openEmbeddingsEncoder({ settings, environment });
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const [issue] = cause.issues;
    throw new RetrieverError(`the settings of the encoder are damaged (${issue?.path.join('.')}: ${issue?.message})`, {
      where: directory,
      cause,
    });
  }
  throw new RetrieverError(`the encoder ${JSON.stringify(kind)} of this index is not known here`, { where: directory });
}
