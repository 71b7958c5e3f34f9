/** The statuses of refused requests; 499 (of nginx) is a client that went away, which is only ever counted. */
export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 413 | 429 | 499 | 500 | 503;

/** Ends a request with this status; the message is for the client. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly status: RefusalStatus,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The body of every error. */
export const errorBody = (message: string) => ({ error: { message } });
