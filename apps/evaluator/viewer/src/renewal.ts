/** Between two renewals of something that changes all the time, in milliseconds. */
const pause = 1000;

export interface Renewal {
  /** Does the task again, soon: not while it runs, and once however often it is asked for meanwhile. */
  request: () => void;
  /** Gives up what runs and starts at once. */
  restart: () => void;
  stop: () => void;
}

/** Repeats a task on demand, one at a time, so that frequent demands on a slow server do not starve it. */
export function createRenewal(task: (signal: AbortSignal) => Promise<void>): Renewal {
  let controller: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const start = () => {
    clearTimeout(timer);
    timer = undefined;
    isWanted = false;
    const own = new AbortController();
    controller = own;
    task(own.signal).finally(() => {
      if (controller !== own) return;
      controller = undefined;
      if (isWanted) request();
    });
  };
  const request = () => {
    isWanted = true;
    if (controller === undefined) timer ??= setTimeout(start, pause);
  };
  const stop = () => {
    controller?.abort();
    controller = undefined;
    clearTimeout(timer);
    timer = undefined;
    isWanted = false;
  };
  return {
    request,
    restart() {
      stop();
      start();
    },
    stop,
  };
}
