import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Input } from '@ocmesh/shared/contract';
import { createProcessMesh, type ProcessMesh, type RunningAgent, until } from '@ocmesh/testkit';
import type { Browser, BrowserContextOptions, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { findBarriers } from './support/page/accessibility.ts';
import {
  browserTest,
  expectNoMisdeeds,
  type OpenPage,
  openPage,
  startBrowser,
} from './support/page/browser.ts';
import { busySeed, messageRecord, peerRecord, seedHome } from './support/page/seed-home.mjs';
import { ocmeshProgram } from './support/programs.ts';

// Screenshots of every state, for people to look at: `PAGE_SHOTS=<folder>`.
const { PAGE_SHOTS } = process.env;

let browser: Browser | null;
let mesh: ProcessMesh;
/** Nothing listens on port 9. It takes 15 s until an agent without relays says so. */
let alone: RunningAgent;

beforeAll(async () => {
  browser = await startBrowser();
  if (!browser) return;
  mesh = createProcessMesh(ocmeshProgram);
  alone = await mesh.startAgent('alone', ['ws://127.0.0.1:9']);
});
afterAll(async () => {
  await browser?.close();
  await mesh?.close();
});

/** Starts two relays that nobody else uses. */
const startRelays = async (): Promise<string[]> =>
  (await Promise.all([mesh.startRelay(), mesh.startRelay()])).map(({ url }) => url);

/** Starts an agent whose store holds this. */
async function startSeeded(
  name: string,
  seed: Parameters<typeof seedHome>[1],
  policy: Input<'setPolicy'> = { strangers: 'open' },
): Promise<RunningAgent> {
  const relays = await startRelays();
  const first = await mesh.startAgent(name, relays);
  await first.owner.setPolicy(policy);
  await first.stop();
  await seedHome(first.home, seed);
  return mesh.startAgent(name, relays);
}

async function openWith(agent: RunningAgent, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await (browser as Browser).newContext(options);
  onTestFinished(() => context.close());
  return openPage(context, agent);
}

const sections = ['overview', 'conversations', 'requests', 'peers', 'relays', 'policy', 'figures'];

/** Looks at every section: no barrier, no complaint, no sideways scrolling; a screenshot if asked for. */
async function inspect({ page, misdeeds, show }: OpenPage, name: string, only = sections): Promise<void> {
  for (const section of only) {
    await show(section);
    await page.waitForFunction(() => document.querySelector('main h1') !== null);
    expect(await findBarriers(page), `${name} ${section}`).toEqual([]);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overhang, `${name} ${section}`).toBeLessThanOrEqual(0);
    if (PAGE_SHOTS) {
      mkdirSync(PAGE_SHOTS, { recursive: true });
      await page.screenshot({ path: join(PAGE_SHOTS, `${name}-${section.replaceAll('/', '-')}.png`) });
    }
  }
  expectNoMisdeeds(misdeeds);
}

browserTest('a fresh agent: every section says what to do next', async () => {
  const agent = await mesh.startAgent('fresh', await startRelays());
  const open = await openWith(agent);
  await until(() => open.page.getByRole('heading', { name: 'On the mesh', exact: true }).isVisible());
  await inspect(open, 'fresh');
  const texts = {
    overview: 'Looking for other agents',
    conversations: 'No messages yet',
    requests: 'Nobody is waiting for you',
    peers: 'No other agent has been seen yet',
  };
  for (const [section, text] of Object.entries(texts)) {
    await open.show(section);
    await open.page.getByText(text).first().waitFor();
  }
  expect(new URL(open.page.url()).hash).not.toContain('code');
});

browserTest('2,000 peers and 5,000 messages: the table says what the picture shows', async () => {
  const agent = await startSeeded('busy', busySeed());
  const open = await openWith(agent);
  const { page } = open;
  const picture = page.getByRole('img', { name: /2,000 peers/ });
  await picture.waitFor();
  const status = await agent.api.getStatus({});
  const summary = (await picture.getAttribute('aria-label')) ?? '';
  expect(summary).toContain(`(${status.peer_count} online)`);
  await page.getByRole('button', { name: 'Show as a table' }).click();
  const rows = await page.getByRole('table', { name: 'Groups' }).locator('tbody tr').allInnerTexts();
  const counts = new Map(rows.map((row) => [row.split('\t')[0], Number(row.split('\t')[1])]));
  const { items } = await agent.api.listPeers({});
  expect(items).toHaveLength(1_000);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(2_000);
  expect(counts.get('Contacts online')).toBe(
    (await agent.api.listPeers({ trust: 'contact', online: true })).items.length,
  );
  expect(await page.getByRole('table', { name: 'Relays' }).locator('tbody tr').count()).toBe(2);
  await inspect(open, 'busy');
  await open.show('conversations');
  await page.getByRole('navigation', { name: 'Conversations' }).getByRole('link').first().click();
  await page.getByRole('region', { name: 'Messages' }).getByRole('listitem').first().waitFor();
  const key = new URL(page.url()).hash.split('/').at(-1) ?? '';
  await inspect(open, 'busy', [`conversations/${key}`, `peers/${key}`]);

  const dark = await openWith(agent, { colorScheme: 'dark' });
  await inspect(dark, 'dark', ['overview', 'relays', 'policy', `conversations/${key}`, `peers/${key}`]);
  const phone = await openWith(agent, { viewport: { width: 360, height: 740 } });
  await inspect(phone, 'phone', [
    'overview',
    'peers',
    'relays',
    'figures',
    `conversations/${key}`,
    `peers/${key}`,
  ]);
});

browserTest('held requests: accepts one and refuses another, by keyboard alone', async () => {
  const peers = [0, 1].map((n) => peerRecord(n, { trust: 'stranger', alias: null }));
  const held = peers.flatMap(({ pubkey }, n) =>
    [1, 3].map((m) =>
      messageRecord(10 * n + m, pubkey, { timestampMs: Date.now(), arrivedAtMs: Date.now(), read: false }),
    ),
  );
  const agent = await startSeeded('held', { peers, held }, { strangers: 'ask' });
  const open = await openWith(agent);
  const { page } = open;
  await inspect(open, 'held');
  await open.show('overview');

  /** Tabs until the focused element has this name, as somebody without a mouse does. */
  async function tabTo(name: RegExp): Promise<void> {
    for (let i = 0; i < 120; i++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
      );
      if (name.test(focused)) return;
    }
    throw new Error(`The keyboard does not reach ${name}.`);
  }
  /** The same, for an element without a text of its own. */
  async function reach(element: Locator): Promise<void> {
    await element.waitFor();
    for (let i = 0; i < 120; i++) {
      if (await element.evaluate((node) => node === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`The keyboard does not reach ${element}.`);
  }
  const toStart = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());

  await tabTo(/^Requests/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor();
  await tabTo(/^Accept “Ada”/);
  await page.keyboard.press('Enter');
  await until(async () => (await agent.api.listRequests({})).length === 1);
  await tabTo(/^Refuse and block “Bo”/);
  await page.keyboard.press('Enter');
  await until(async () => (await agent.api.listRequests({})).length === 0);
  await page.getByText('Nobody is waiting for you').waitFor();
  const [ada, bo] = await Promise.all(peers.map(({ pubkey }) => agent.api.getPeer({ pubkey })));
  expect([ada?.trust, bo?.trust]).toEqual(['contact', 'blocked']);

  // Writes to the new contact.
  await toStart();
  await tabTo(/^Conversations/);
  await page.keyboard.press('Enter');
  await tabTo(/“Ada”/);
  await page.keyboard.press('Enter');
  await reach(page.getByRole('textbox', { name: 'Your message' }));
  await page.keyboard.type('Welcome, by keyboard');
  await page.keyboard.press('Enter');
  await until(async () =>
    (await agent.api.listMessages({ direction: 'out' })).items.some(
      ({ content }) => content === 'Welcome, by keyboard',
    ),
  );
  await page.getByRole('region', { name: 'Messages' }).getByText('Welcome, by keyboard').waitFor();

  // The policy, with the arrow keys.
  await toStart();
  await tabTo(/^Policy/);
  await page.keyboard.press('Enter');
  await reach(page.getByRole('radio', { name: /^Ask me Messages/ }));
  await page.keyboard.press('ArrowDown');
  await until(async () => (await agent.api.getPolicy({})).strangers === 'closed');
  // Alias and note.
  await toStart();
  await tabTo(/^Peers/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Peers' }).waitFor();
  await tabTo(/“Ada”/);
  await page.keyboard.press('Enter');
  await reach(page.getByRole('textbox', { name: 'Your name for it', exact: true }));
  await page.keyboard.type('ada at work');
  await page.keyboard.press('Enter');
  await until(async () => (await agent.api.getPeer({ pubkey: ada?.pubkey ?? '' })).alias === 'ada at work');
  expectNoMisdeeds(open.misdeeds);
});

browserTest('two agents talk: the page shows it as it happens', async () => {
  const relays = await startRelays();
  const alice = await mesh.startAgent('alice', relays);
  const bob = await mesh.startAgent('bob', relays.slice(1));
  await mesh.meet(alice, bob);
  await mesh.befriend(alice, bob);
  await mesh.befriend(bob, alice);
  const open = await openWith(alice, { reducedMotion: 'reduce' });
  const { page } = open;
  await open.show(`conversations/${bob.pubkey}`);
  await bob.owner.sendMessage({ to: alice.pubkey, content: 'Hello from bob' });
  await page.getByRole('region', { name: 'Messages' }).getByText('Hello from bob').waitFor();
  await until(async () =>
    /New message from “bob”/.test((await page.locator('[data-announcer]').textContent()) ?? ''),
  );
  await page.getByRole('textbox', { name: 'Your message' }).fill('Hello back');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('list', { name: 'Delivery: delivered' }).waitFor();
  // Looking is not reading: the agent still finds the message unread.
  expect((await alice.api.listMessages({ unread: true })).items).toHaveLength(1);
  await page.getByRole('button', { name: 'Mark 1 as read' }).click();
  await until(async () => (await alice.api.getStatus({})).unread_count === 0);

  // The daemon restarts: the session was of its last run.
  await alice.stop();
  await page.getByText('The daemon is not responding').first().waitFor();
  expectNoMisdeeds({ complaints: [], foreign: open.misdeeds.foreign });
});

browserTest('without a session: shows the health and says how to sign in', async () => {
  const context = await (browser as Browser).newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(alone.url);
  await page.getByText('ocmesh open').first().waitFor();
  expect(await findBarriers(page)).toEqual([]);
});

browserTest('without relays: says why, and what helps', async () => {
  const open = await openWith(alone);
  await until(() => open.page.getByRole('heading', { name: 'Not on the mesh' }).isVisible());
  await open.page.getByText('Check the internet connection').waitFor();
  await inspect(open, 'degraded');
});
