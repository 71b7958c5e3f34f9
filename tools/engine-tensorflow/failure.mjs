/** Something that a person can mend: printed as one line, without a stack trace. */
export class Failure extends Error {
  /** @param options.exitCode 2 for bad input, else 1. @default 1 */
  constructor(message, { exitCode = 1, cause } = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
