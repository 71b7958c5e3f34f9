/** Preloaded into a process, writes what it used as JSON to its fourth stream once it ends. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = {
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    wallSeconds: performance.now() / 1e3,
    // Kibibytes in Node
    peakMiB: maxRSS / 1024,
  };
  writeFileSync(3, JSON.stringify(usage));
});
