/** Milliseconds that a `Retry-After` header asks for, as seconds or a date; 0 without one that can be read. */
export function retryAfterOf(response: Response): number {
  const header = response.headers.get('Retry-After')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(header)) return 1000 * Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}

/** The body as text. @throws RangeError when it is larger than `maxBytes`; whatever a broken connection throws */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // Leaving the loop cancels the stream, so nothing more is downloaded.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new RangeError(`it is larger than maxBodyBytes (${maxBytes})`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Status and message of an answer that is an error; frees its connection. */
export async function describeStatus(response: Response): Promise<string> {
  const text = await readText(response, 1 << 16).catch(() => '');
  let message = text;
  try {
    const { error, message: plain } = JSON.parse(text) as { error?: { message?: unknown }; message?: unknown };
    message = String(error?.message ?? plain ?? text);
  } catch {
    // Not an error of the API: the body itself says most.
  }
  return `status ${response.status}${message === '' ? '' : `: ${message.slice(0, 300)}`}`;
}

/** What went wrong below `fetch`, whose own message is only "fetch failed". */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message !== '' ? cause.message : 'code' in cause ? String(cause.code) : error.message;
}
