import { ModelError } from '@dgpo/trajectory';
import { alphabetToBytes } from './byte-alphabet.js';
import { arrayAt, objectAt } from './json-checks.js';

/** How the pieces of a vocabulary spell bytes. */
export interface PieceSpelling {
  kind: 'byte-level' | 'sentencepiece';
  /** Decoding takes one space away from the beginning of a text. */
  prefixSpace: boolean;
  bytesOf(piece: string): Uint8Array;
}

const utf8 = new TextEncoder();
const byteLevelBytes = (piece: string): Uint8Array => alphabetToBytes(piece) ?? utf8.encode(piece);

function sentencePieceBytes(piece: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return byte === undefined ? utf8.encode(piece.replaceAll('▁', ' ')) : Uint8Array.of(Number.parseInt(byte, 16));
}

/**
 * Reads the `decoder` of a `tokenizer.json`: `ByteLevel`, `Metaspace`, or SentencePiece's sequence of `Replace`,
 * `ByteFallback`, `Fuse` and `Strip`.
 * @throws {ModelError} for every other, whose tokens do not stand for bytes.
 */
export function readPieceSpelling(decoder: unknown): PieceSpelling {
  const fields = objectAt(decoder, 'decoder');
  const steps =
    fields.get('type') === 'Sequence'
      ? arrayAt(fields.get('decoders'), 'decoder.decoders').map((step, index) =>
          objectAt(step, `decoder.decoders[${index}]`),
        )
      : [fields];
  let prefixSpace = false;
  let kind: PieceSpelling['kind'] | undefined;
  for (const step of steps) {
    const type = step.get('type');
    const isSpaceMark = JSON.stringify(step.get('pattern')) === '{"String":"▁"}' && step.get('content') === ' ';
    if (type === 'ByteLevel') kind = 'byte-level';
    else if (type === 'Replace' && isSpaceMark) kind = 'sentencepiece';
    else if (type === 'Metaspace' && (step.get('replacement') ?? '▁') === '▁') {
      kind = 'sentencepiece';
      prefixSpace = step.get('prepend_scheme') !== 'never' && step.get('add_prefix_space') !== false;
    } else if (type === 'Strip' && step.get('content') === ' ' && step.get('start') === 1 && !step.get('stop')) {
      prefixSpace = true;
    } else if (type !== 'ByteFallback' && type !== 'Fuse') {
      throw new ModelError(`decoder has the step ${JSON.stringify(Object.fromEntries(step))}, which is not supported`);
    }
  }
  if (kind === undefined)
    throw new ModelError('decoder has neither ByteLevel nor Metaspace nor a Replace of "▁" by " "');
  return { kind, prefixSpace, bytesOf: kind === 'byte-level' ? byteLevelBytes : sentencePieceBytes };
}
