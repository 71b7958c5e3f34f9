import type { Server } from 'node:http';
import { createRandom } from '@dgpo/trajectory';
import type { ServerOptions } from '../server-client.js';

interface SentRequest {
  url: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

type Answer = Response | Error | object | string | ((body: Record<string, unknown>) => object);

const responseOf = (answer: object | string) =>
  answer instanceof Response ? answer : new Response(typeof answer === 'string' ? answer : JSON.stringify(answer));

/** Options of a client whose server gives these answers in turn, the last one for ever; what it was sent; the waits. */
export function scripted(answers: readonly Answer[]) {
  const requests: SentRequest[] = [];
  const waits: number[] = [];
  let next = 0;
  const options = {
    url: 'http://teacher.test:8000/v1',
    random: createRandom(1),
    fetch: async (input, init) => {
      const body = JSON.parse(String(init?.body)) as Record<string, unknown>;
      requests.push({ url: String(input), headers: init?.headers as Record<string, string>, body });
      const answer = answers[Math.min(next, answers.length - 1)];
      next += 1;
      if (answer === undefined) throw new Error('no answer was written');
      if (answer instanceof Error) throw answer;
      return responseOf(typeof answer === 'function' ? answer(body) : answer);
    },
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
  } satisfies ServerOptions;
  return { options, requests, waits };
}

/** A real server on a free port of the loopback interface. */
export async function listening(server: Server): Promise<{ url: string; close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

