import * as lance from '@lancedb/lancedb';
import { QdrantClient } from '@qdrant/js-client-rest';
import { expect, it } from 'vitest';
import type { LanceDb } from './lance-library.js';
import type { Qdrant } from './qdrant-client.js';

// What the indexes use is declared by hand, so that the package builds without the optional ones; this compiles only while it is true.
it('the optional packages have what the indexes use of them', () => {
  const database: LanceDb = lance;
  const client: Qdrant = new QdrantClient({ url: 'http://127.0.0.1:1', checkCompatibility: false });
  expect(database.connect).toBeTypeOf('function');
  expect(client.query).toBeTypeOf('function');
});
