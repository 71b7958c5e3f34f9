import type { ServerResponse } from 'node:http';
import type { ViewerEvent } from './api.js';
import { ViewerError } from './viewer-error.js';
import type { Workspace } from './workspace.js';

/** Server-sent events to every page that listens. */
interface EventStreams {
  /** Answers a request with the events from now on. @throws ViewerError 503 when too many listen */
  open(response: ServerResponse): void;
  close(): void;
}

const mostStreams = 32;
const heartbeatMilliseconds = 15_000;

export function createEventStreams(workspace: Workspace): EventStreams {
  const streams = new Set<ServerResponse>();
  const write = (response: ServerResponse, text: string) => {
    // A page that does not read must not fill the memory; it connects anew and asks for everything.
    if (response.writableLength > 1 << 20) response.destroy();
    else response.write(text);
  };
  const send = (response: ServerResponse, event: ViewerEvent) =>
    write(response, `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const unsubscribe = workspace.subscribe((event) => {
    for (const response of streams) send(response, event);
  });
  const heartbeat = setInterval(() => {
    for (const response of streams) write(response, ': still here\n\n');
  }, heartbeatMilliseconds);
  heartbeat.unref();
  return {
    open: (response) => {
      if (streams.size >= mostStreams) throw new ViewerError(503, 'too many pages listen; close some');
      streams.add(response);
      response.on('close', () => streams.delete(response));
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
      write(response, 'retry: 2000\n\n');
      send(response, { type: 'runs' });
    },
    close: () => {
      clearInterval(heartbeat);
      unsubscribe();
      for (const response of streams) response.end();
      streams.clear();
    },
  };
}
