/** What a request did wrong, with the status it is answered with. */
export class ViewerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ViewerError';
    this.status = status;
  }
}
