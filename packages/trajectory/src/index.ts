export {
  CheckpointError,
  ConfigError,
  DatasetError,
  DgpoError,
  type DgpoErrorCode,
  type DgpoErrorOptions,
  EnvironmentError,
  isDgpoError,
  ModelError,
  RetrieverError,
} from './errors.js';
export { createRandom, type Random, type RandomState, restoreRandom } from './random.js';
