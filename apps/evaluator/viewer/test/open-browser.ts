import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Starts Chromium: that of `DGPO_CHROMIUM`, or Debian's. */
export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.DGPO_CHROMIUM || '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `there is no Chromium at ${executablePath}; install one (apt-get install chromium) or name it in DGPO_CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath });
}

/** A page whose faults are collected: console errors, exceptions, and requests that leave the viewer, which are refused. */
export async function openPage(options: {
  browser: Browser;
  url: string;
  colorScheme: 'light' | 'dark';
}): Promise<{ page: Page; faults: string[]; close: () => Promise<void> }> {
  const { browser, url, colorScheme } = options;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  await context.route(
    (target) => target.origin !== url && target.protocol !== 'data:',
    async (route) => {
      faults.push(`request to ${route.request().url()}`);
      await route.abort();
    },
  );
  return { page, faults, close: () => context.close() };
}
