import * as crypto from 'node:crypto';

/**
 * The id table of a document store: for each passage the first 8 bytes of the SHA-256 of its id and its position (32 bits, little
 * endian), sorted by both. Two ids may share a hash; whoever finds a position compares the id of the passage.
 */
export const entryBytes = 12;
export const hashBytes = 8;

/** Makes the 8 bytes that stand for an id. */
export type HashId = (id: string) => Buffer;

export const hashId: HashId = (id) => crypto.hash('sha256', id, 'buffer').subarray(0, hashBytes);
