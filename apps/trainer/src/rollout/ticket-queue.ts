import type { Queue } from 'bullmq';
import type { Ticket } from './wire-job.js';

/** The names of the lanes that listen to a queue, `<process>.<lane>`; undefined where the server does not list its clients. */
export async function workerNames(queue: Queue<Ticket>): Promise<string[] | undefined> {
  try {
    const clients = await queue.getWorkers();
    return clients.map(({ rawname = '' }) => rawname.slice(rawname.lastIndexOf(':') + 1));
  } catch {
    return undefined;
  }
}

/** Jobs that an earlier process of this run left behind; a worker that plays one now finds nobody who waits for it. */
export async function takeOutStaleJobs(queue: Queue<Ticket>, runKey: string): Promise<void> {
  for (const job of await queue.getJobs(['waiting', 'delayed', 'failed'])) {
    if (job?.id?.startsWith(`${runKey}-`)) await queue.remove(job.id);
  }
}
