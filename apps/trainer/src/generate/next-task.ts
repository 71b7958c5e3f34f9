/** Lets timers, sockets and signals have their turn: a promise alone would not, while the engine computes in this thread. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
