/** Turns pieces of a token stream into text as they arrive, never splitting a code point. */
export interface TokenDecodeStream {
  /** The text that this token completes; empty while a code point is still unfinished. */
  push(id: number): string;
  /** What is left: an unfinished code point becomes U+FFFD. The stream can be used again afterwards. */
  end(): string;
}

export interface EncodeOptions {
  /**
   * Turn the spelled-out names of special tokens into their ids. Leave it off for documents, questions and everything
   * else that was not written by the program: otherwise that text could inject control tokens.
   * @default false
   */
  allowSpecial?: boolean;
  /**
   * The text goes on from tokens that are there already: a SentencePiece vocabulary then puts no space before it.
   * @default false
   */
  continuation?: boolean;
  /**
   * A character that is left out of the text. Inside the name of a special token it keeps that name ordinary text, whatever
   * `allowSpecial` says.
   */
  escapeCharacter?: string;
}

export interface DecodeOptions {
  /**
   * Leave special tokens out of the text.
   * @default false
   */
  skipSpecial?: boolean;
  /**
   * The tokens go on from others: the space that a SentencePiece vocabulary writes before a first word is kept.
   * @default false
   */
  continuation?: boolean;
}

/** Text to token ids and back. Ids run from 0 to `vocabularySize - 1`. */
export interface Tokenizer {
  readonly vocabularySize: number;
  readonly endOfTextId: number;
  /** All ids that end a generation, `endOfTextId` first: chat models have one for the turn beside the one for the text. */
  readonly endOfTextIds: readonly number[];
  readonly padId: number;
  /** Special token text to id. */
  readonly specialTokens: Readonly<Record<string, number>>;
  /** The files it was loaded from, by name; absent for a tokenizer that was made here. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  /**
   * Nothing is added at the beginning or end. Lone surrogates, which UTF-8 cannot hold, become U+FFFD; every other text
   * comes back from `decode` unchanged, or as the tokenizer's own normalisation (such as NFC) leaves it.
   */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Bytes that are not UTF-8 become U+FFFD.
   * @throws {ModelError} for an id outside the vocabulary.
   */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /**
   * The UTF-8 bytes this token stands for (for a special token, those of its name). Do not write into them.
   * @throws {ModelError} for an id outside the vocabulary.
   */
  tokenBytes(id: number): Uint8Array;
  decodeStream(options?: DecodeOptions): TokenDecodeStream;
}
