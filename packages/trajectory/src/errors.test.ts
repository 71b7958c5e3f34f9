import { expect, test } from 'vitest';
import {
  CheckpointError,
  ConfigError,
  DatasetError,
  DgpoError,
  EnvironmentError,
  isDgpoError,
  ModelError,
  RetrieverError,
} from './errors.js';

test.each([
  [ConfigError, 'ConfigError', 'CONFIG_ERROR'],
  [DatasetError, 'DatasetError', 'DATASET_ERROR'],
  [ModelError, 'ModelError', 'MODEL_ERROR'],
  [RetrieverError, 'RetrieverError', 'RETRIEVER_ERROR'],
  [EnvironmentError, 'EnvironmentError', 'ENVIRONMENT_ERROR'],
  [CheckpointError, 'CheckpointError', 'CHECKPOINT_ERROR'],
])('%o carries name, code, place and cause', (Class, name, code) => {
  const cause = new Error('below');
  const error = new Class('what is wrong', { where: 'file.jsonl:3', cause });
  expect(error).toBeInstanceOf(DgpoError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name, code, where: 'file.jsonl:3', cause, message: 'file.jsonl:3: what is wrong' });
});

test('place and cause are optional', () => {
  const error = new ConfigError('what is wrong');
  expect(error.message).toBe('what is wrong');
  expect(error.where).toBeUndefined();
  expect('cause' in error).toBe(false);
});

test('an error of a retriever says whether the query is at fault', () => {
  expect(new RetrieverError('down').refusesQuery).toBe(false);
  expect(new RetrieverError('too long', { refusesQuery: true }).refusesQuery).toBe(true);
});

test('isDgpoError knows errors of another copy of the package and nothing else', () => {
  const foreign = { [Symbol.for('dgpo.error')]: true };
  expect(isDgpoError(new ModelError('x'))).toBe(true);
  expect(isDgpoError(foreign)).toBe(true);
  for (const other of [new Error('x'), null, undefined, 'DgpoError', 3, {}]) expect(isDgpoError(other)).toBe(false);
});
