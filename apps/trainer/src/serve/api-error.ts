interface ApiErrorOptions {
  /** The field of the request that is wrong. @default null */
  param?: string | null;
  /** @default null */
  code?: string | null;
  headers?: Record<string, string>;
}

type Status = 400 | 401 | 404 | 405 | 413 | 415 | 429 | 500 | 503;

const types: Partial<Record<Status, string>> = {
  401: 'authentication_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
};

/** A request that is answered with an error, in the shape of OpenAI's API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: Status;
  readonly headers: Record<string, string>;
  readonly body: { error: { message: string; type: string; param: string | null; code: string | null } };

  constructor(status: Status, message: string, { param = null, code = null, headers = {} }: ApiErrorOptions = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.body = { error: { message, type: types[status] ?? 'invalid_request_error', param, code } };
  }
}

/** What a client is told when something breaks inside. */
export const internalError = () => new ApiError(500, 'the request failed inside the server; its log says why');
