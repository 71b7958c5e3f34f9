/** Runs what it is given one after the other, in order of the calls; a failure does not stop what comes after it. */
export function createSerializer(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const current = last.then(work, work);
    last = current.catch(() => undefined);
    return current;
  };
}
