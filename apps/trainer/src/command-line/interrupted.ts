/** Thrown by a command whose work was interrupted and saved; the message says how to go on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
