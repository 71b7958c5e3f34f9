const marker = Symbol.for('dgpo.error');

export type DgpoErrorCode =
  | 'CONFIG_ERROR'
  | 'DATASET_ERROR'
  | 'MODEL_ERROR'
  | 'RETRIEVER_ERROR'
  | 'ENVIRONMENT_ERROR'
  | 'CHECKPOINT_ERROR';

export interface DgpoErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** Where it happened: a file, `file:line`, a configuration key or a URL. */
  where?: string;
}

/**
 * An error with a message for the person at the keyboard: what is wrong, where, and how to mend it.
 * Recognise it with {@link isDgpoError}, which also works across duplicate copies of this package.
 */
export class DgpoError extends Error {
  readonly code: DgpoErrorCode;
  readonly where: string | undefined;
  readonly [marker] = true;

  constructor(code: DgpoErrorCode, message: string, options: DgpoErrorOptions = {}) {
    super(
      options.where === undefined ? message : `${options.where}: ${message}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.where = options.where;
  }
}

/** A recipe, flag or option is wrong; nothing has started yet. */
export class ConfigError extends DgpoError {
  override readonly name = 'ConfigError';
  constructor(message: string, options?: DgpoErrorOptions) {
    super('CONFIG_ERROR', message, options);
  }
}

/** A corpus, question file or log cannot be read as what it claims to be. */
export class DatasetError extends DgpoError {
  override readonly name = 'DatasetError';
  constructor(message: string, options?: DgpoErrorOptions) {
    super('DATASET_ERROR', message, options);
  }
}

/** A model, tokenizer or engine cannot do what was asked. */
export class ModelError extends DgpoError {
  override readonly name = 'ModelError';
  constructor(message: string, options?: DgpoErrorOptions) {
    super('MODEL_ERROR', message, options);
  }
}

/** A retriever, its index or its server failed. */
export class RetrieverError extends DgpoError {
  override readonly name = 'RetrieverError';
  /** Whether the query is at fault, one too long, say: the retriever works and answers others. */
  readonly refusesQuery: boolean;
  constructor(message: string, options: DgpoErrorOptions & { refusesQuery?: boolean } = {}) {
    super('RETRIEVER_ERROR', message, options);
    this.refusesQuery = options.refusesQuery ?? false;
  }
}

/** An environment was used wrongly or broke. */
export class EnvironmentError extends DgpoError {
  override readonly name = 'EnvironmentError';
  constructor(message: string, options?: DgpoErrorOptions) {
    super('ENVIRONMENT_ERROR', message, options);
  }
}

/** A checkpoint is missing, damaged or belongs to another run. */
export class CheckpointError extends DgpoError {
  override readonly name = 'CheckpointError';
  constructor(message: string, options?: DgpoErrorOptions) {
    super('CHECKPOINT_ERROR', message, options);
  }
}

/** True for every error of this project, whichever copy of the package made it. */
export function isDgpoError(value: unknown): value is DgpoError {
  return typeof value === 'object' && value !== null && marker in value;
}
