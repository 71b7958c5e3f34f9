/** Thrown inside this folder where an answer cannot be read or compared; the message is the reason that callers get. */
export class Undecided extends Error {}
