import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, openPage } from './open-browser.js';
import { serve } from './serve.js';
import { continueTraining, hostile, writeRuns } from './write-runs.js';

const count = 5000;
const firstEpisode = '#/episode?run=training&key=traces%2Fdgpo-10.jsonl%3A1';

let directory: string;
let url: string;
let browser: Browser;
let closeServer: () => Promise<void>;
let page: Page;
let faults: string[];
let closePage: () => Promise<void>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-viewer-'));
  writeRuns({ directory, count });
  ({ url, close: closeServer } = await serve(directory));
  browser = await openBrowser();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await closeServer?.();
  rmSync(directory, { recursive: true, force: true });
});

const open = async (colorScheme: 'light' | 'dark' = 'light') => {
  ({ page, faults, close: closePage } = await openPage({ browser, url, colorScheme }));
};

beforeEach(() => open());

afterEach(async () => {
  await closePage();
  expect(faults).toEqual([]);
});

const show = (hash: string) => page.goto(`${url}/${hash}`);
const heading = () => page.getByRole('heading', { level: 1 });
const status = (text: string) => page.getByText(text, { exact: true }).waitFor();

it('lists the runs and shows the results and curves of one', async () => {
  await show('');
  await page.getByRole('row', { name: /training/ }).waitFor();
  expect(await page.locator('main tbody tr').count()).toBe(4);
  await page.getByRole('link', { name: 'training', exact: true }).click();
  const reward = page.getByRole('img', { name: /^reward over steps/ });
  await reward.waitFor();
  // Step 10 is the last: 10 / 40.
  expect(await reward.getAttribute('aria-label')).toContain('dgpo: 0.250 at the end, between 0.025 and 0.250');
  expect(await page.title()).toBe('training · dgpo viewer');
  await page.getByRole('heading', { name: 'Tables' }).waitFor();
});

it('scrolls through thousands of episodes with few rows in the page', async () => {
  await show('#/episodes?run=log.jsonl');
  await status('5,000 episodes');
  await page.locator('#row-0 a').focus();
  await page.keyboard.press('End');
  await page.getByRole('link', { name: `Which town is number ${count - 1}?` }).waitFor();
  expect(await page.locator('main tbody tr').count()).toBeLessThan(80);
  await page.getByText('1 problem', { exact: true }).click();
  await page.getByText(/log\.jsonl:6/).waitFor();
});

it('finds and opens an episode by keyboard alone, and the back button returns to its row', async () => {
  await show('#/episodes?run=log.jsonl');
  await status('5,000 episodes');
  await page.keyboard.press('/');
  await page.keyboard.type('"number 12"');
  // 12, 120 to 129 and 1200 to 1299.
  await status('111 of 5,000 episodes');
  expect(new URL(page.url()).hash).toBe('#/episodes?run=log.jsonl&search=%22number+12%22');
  for (let presses = 0; !(await page.evaluate(() => document.activeElement?.closest('tbody') !== null)); presses += 1) {
    expect(presses).toBeLessThan(15);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await heading().filter({ hasText: 'Which town is number 121?' }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  await page.goBack();
  await page.waitForFunction(() => document.activeElement?.textContent === 'Which town is number 121?');
  await status('111 of 5,000 episodes');
});

it('filters by what the episodes have, and keeps the filter in the address', async () => {
  await show('#/episodes?run=training');
  await status('4 episodes');
  await page.getByRole('combobox', { name: 'Outcome', exact: true }).selectOption('wrong');
  await status('2 of 4 episodes');
  await page.reload();
  await status('2 of 4 episodes');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await status('4 episodes');
});

it('colours tokens by four channels, with legend and numbers', async () => {
  await show(firstEpisode);
  const token = page.locator('.segment.policy .token').nth(2);
  await token.waitFor();
  expect(await token.getAttribute('class')).toContain('tone-policy');
  await page.keyboard.press('2');
  await page.getByText('p ≥ 0.9', { exact: true }).waitFor();
  // exp(-0.09) = 0.914: the surest step.
  expect(await token.getAttribute('class')).toContain('tone-warm-0');
  await page.keyboard.press('3');
  // The teacher is 3 cos(2) = -1.25 nats behind: between 0.5 and 2 below.
  await expect.poll(() => token.getAttribute('class')).toContain('tone-minus-2');
  await page.keyboard.press('4');
  // sin(2) = 0.909 of at most about 1: the upper third.
  await expect.poll(() => token.getAttribute('class')).toContain('tone-plus-3');
  expect(page.url()).toContain('channel=advantage');
  await page.keyboard.press('n');
  expect(await token.getAttribute('data-value')).toBe('+0.91');
  await page.getByRole('region', { name: /^Transcript\./ }).focus();
  await page.keyboard.press('Home');
  await page.getByText(/^“Question” · token 1 · id \d+ · given$/).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByText(/^“:” · token 2 /).waitFor();
});

it('shows two runs on one question side by side', async () => {
  await show('#/compare?run=before');
  await page.getByRole('checkbox', { name: 'after' }).check();
  // Of 20 questions: both right on 0, 4, 8, 12, 16; only the second on 2, 6, 10, 14, 18.
  await page.getByRole('row', { name: /before and after 20 5 0 5 10 0\.06/ }).waitFor();
  await page.getByRole('link', { name: 'Where they disagree' }).click();
  await status('5 of 20 episodes');
  await page.getByRole('link', { name: 'Which town is number 6?' }).click();
  await page
    .getByRole('row', { name: /after ✓ right/ })
    .getByRole('link', { name: 'Side by side' })
    .click();
  const [first, second] = [
    page.getByRole('region', { name: 'before', exact: true }),
    page.getByRole('region', { name: 'after', exact: true }),
  ];
  await first.getByText('✗ wrong').waitFor();
  await second.getByText('✓ right').waitFor();
  await second.getByText('town 6', { exact: true }).waitFor();
});

it('follows a training while it writes', async () => {
  await show('#/episodes?run=training');
  await status('4 episodes');
  await status('Live');
  continueTraining({ directory, step: 20 });
  await status('8 episodes');
  await page.getByRole('link', { name: 'Results' }).click();
  await page.getByRole('img', { name: /^reward over steps\. dgpo: 0\.500 at the end/ }).waitFor();
  continueTraining({ directory, step: 30 });
  await page.getByRole('img', { name: /^reward over steps\. dgpo: 0\.750 at the end/ }).waitFor();
});

it('shows model text that looks like markup as text', async () => {
  await show('#/episode?run=training&key=traces%2Fdgpo-10.jsonl%3A4');
  await heading()
    .filter({ hasText: `What is ${hostile}?` })
    .waitFor();
  await page.locator('.query', { hasText: hostile }).waitFor();
  await page.locator('.passages', { hasText: hostile }).waitFor();
  await show('#/episodes?run=training');
  await page
    .getByRole('link', { name: `What is ${hostile}?` })
    .first()
    .waitFor();
  expect(await page.locator('main img, main script').count()).toBe(0);
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
});

it('says what went wrong and offers to try again', async () => {
  await show('#/episode?run=nowhere&key=1');
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  // The browser itself reports the answer 404.
  expect(faults.splice(0)).toEqual([expect.stringContaining('404')]);
});

const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

it('follows the preference for dark until somebody chooses', async () => {
  await closePage();
  await open('dark');
  await show('');
  await heading().waitFor();
  expect(await background()).toBe('rgb(18, 19, 22)');
  await page.getByLabel('Theme').selectOption('Light');
  expect(await background()).toBe('rgb(247, 247, 245)');
  await page.reload();
  await heading().waitFor();
  expect(await background()).toBe('rgb(247, 247, 245)');
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('has no violation that axe knows of', async () => {
    await closePage();
    await open(colorScheme);
    const views: [hash: string, ready: string][] = [
      ['#/', '4 runs'],
      ['#/run?run=training', 'Tables'],
      ['#/episodes?run=log.jsonl', '5,000 episodes'],
      [`${firstEpisode}&channel=teacherKl`, 'The same question elsewhere'],
      ['#/compare?run=before&run=after', 'Question by question'],
      [
        '#/pair?run=before&key=samples_towns.jsonl%3A3&otherRun=after&otherKey=samples_towns.jsonl%3A3',
        'Which town is number 2?',
      ],
    ];
    const found: string[] = [];
    for (const [hash, ready] of views) {
      await show(hash);
      await page.getByText(ready, { exact: true }).first().waitFor();
      await page.evaluate(axe.source);
      const violations = await page.evaluate(async () => {
        const results = await (globalThis as unknown as { axe: typeof axe }).axe.run();
        return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      });
      found.push(...violations.map((violation) => `${hash}: ${violation}`));
    }
    expect(found).toEqual([]);
  });
});

it('lists its keys', async () => {
  await show('');
  await heading().waitFor();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
});
