/** The part of `process` that {@link withInterrupt} uses; tests pass their own. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  removeListener(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  exit(code: number): void;
  exitCode?: number | string | null | undefined;
}

/** Options of {@link withInterrupt}. */
export interface WithInterruptOptions {
  /** Told once, at the first signal. @default a line on stderr */
  onInterrupt?: () => void;
  /** @default process */
  source?: SignalSource;
}

/** What came of it: the value, unless the work was cut short by throwing the signal's reason. */
export type InterruptResult<Value> =
  | { interrupted: false; value: Value }
  | { interrupted: true; value: Value | undefined };

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs work that can be interrupted. The first Ctrl-C (or SIGTERM) aborts `signal`: the work finishes its step, writes its
 * checkpoint and returns, or throws `signal.reason`; the process then ends with code 130 (143). The second ends it at once.
 *
 * @throws whatever the work throws other than `signal.reason`
 */
export async function withInterrupt<Value>(
  run: (signal: AbortSignal) => Promise<Value>,
  options: WithInterruptOptions = {},
): Promise<InterruptResult<Value>> {
  const source: SignalSource = options.source ?? process;
  const announce =
    options.onInterrupt ??
    (() =>
      process.stderr.write('\nInterrupted: finishing this step and saving. Press Ctrl-C again to stop at once.\n'));
  const controller = new AbortController();
  let code: number | undefined;
  const listener = (signal: 'SIGINT' | 'SIGTERM') => {
    if (code !== undefined) {
      source.exit(codes[signal]);
      return;
    }
    code = codes[signal];
    source.exitCode = code;
    announce();
    controller.abort();
  };
  source.on('SIGINT', listener);
  source.on('SIGTERM', listener);
  try {
    const value = await run(controller.signal);
    return { interrupted: controller.signal.aborted, value };
  } catch (error) {
    if (controller.signal.aborted && error === controller.signal.reason) return { interrupted: true, value: undefined };
    throw error;
  } finally {
    source.removeListener('SIGINT', listener);
    source.removeListener('SIGTERM', listener);
  }
}
