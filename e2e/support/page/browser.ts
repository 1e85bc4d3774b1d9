import type { RunningAgent } from '@ocmesh/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findBrowser, launchBrowser } from './find-browser.mjs';

const hasBrowser = findBrowser() !== undefined;
if (!hasBrowser)
  console.log('skipped: found neither Chrome nor Chromium. Install one, or set CHROME_PATH to its program.');

/** A test that needs a browser; skipped on machines without one. */
export const browserTest = test.skipIf(!hasBrowser);

/** Starts the browser, or returns null if the machine has none. */
export const startBrowser = async (...args: string[]): Promise<Browser | null> =>
  hasBrowser ? launchBrowser(...args) : null;

/** What a page must not do. */
export interface Misdeeds {
  /** Errors and warnings in the console, broken rules of the content security policy among them. */
  readonly complaints: string[];
  /** Requests to other origins. */
  readonly foreign: string[];
}

/** Notes what a page does wrong from now on. */
function watchPage(page: Page, origin: string): Misdeeds {
  const misdeeds: Misdeeds = { complaints: [], foreign: [] };
  page.on('console', (message) => {
    // A degraded daemon answers GET /status with 503, which a browser notes as an error.
    const isDegraded = message.location().url.endsWith('/status') && message.text().includes('503');
    if (['error', 'warning'].includes(message.type()) && !isDegraded)
      misdeeds.complaints.push(message.text());
  });
  page.on('pageerror', (error) => misdeeds.complaints.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) misdeeds.foreign.push(request.url());
  });
  return misdeeds;
}

export interface OpenPage {
  readonly page: Page;
  readonly misdeeds: Misdeeds;
  /** Shows a section, like `peers` or `peers/<key>`. */
  show(section: string): Promise<void>;
}

/** Makes a code as `ocmesh open` does. */
export const newCode = async ({ owner }: Pick<RunningAgent, 'owner'>): Promise<string> =>
  (await owner.createPageCode({})).code;

/** Opens the page of an agent in a new window and signs in. */
export async function openPage(
  context: BrowserContext,
  agent: Pick<RunningAgent, 'owner' | 'url'>,
): Promise<OpenPage> {
  const page = await context.newPage();
  const misdeeds = watchPage(page, agent.url);
  await page.goto(`${agent.url}/#code=${await newCode(agent)}`);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  // Fetched.
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  return {
    page,
    misdeeds,
    async show(section) {
      await page.evaluate((fragment) => {
        location.hash = fragment;
      }, `#/${section}`);
      const title = section.split('/')[0] ?? '';
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    },
  };
}

/** A well-behaved page: asks no other origin and has nothing to complain about. */
export function expectNoMisdeeds({ complaints, foreign }: Misdeeds): void {
  expect(complaints).toEqual([]);
  expect(foreign).toEqual([]);
}
