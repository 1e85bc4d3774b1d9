import { join } from 'node:path';
import {
  createProcessMesh,
  injectionCorpus,
  invisibleCharacters,
  type ProcessMesh,
  until,
} from '@ocmesh/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { findBarriers } from './support/page/accessibility.ts';
import { attack, startWebsite } from './support/page/attacker.ts';
import { browserTest, expectNoMisdeeds, newCode, openPage, startBrowser } from './support/page/browser.ts';
import { startRudeRelay } from './support/page/rude-relay.ts';
import { messageRecord, peerRecord, seedHome } from './support/page/seed-home.mjs';
import { ocmeshProgram } from './support/programs.ts';

// Screenshots, for people to look at: `PAGE_SHOTS=<folder>`.
const { PAGE_SHOTS } = process.env;

let browser: Browser | null;
let mesh: ProcessMesh;

beforeAll(async () => {
  // Names that lead here, as an attacker's name server would say.
  browser = await startBrowser('--host-resolver-rules=MAP *.example 127.0.0.1');
  mesh = createProcessMesh(ocmeshProgram);
});
afterAll(async () => {
  await browser?.close();
  await mesh.close();
});

/** Everything on the page that is not text, or not as we write it. */
const findForeign = (page: Page): Promise<string[]> =>
  page.evaluate(
    ({ tags, unseen }) => {
      const found: string[] = [];
      const hidden = new RegExp(unseen, 'u');
      for (const element of document.querySelectorAll('#app *')) {
        const tag = element.tagName.toLowerCase();
        if (!tags.includes(tag)) found.push(`element ${tag}`);
        if (
          element.matches('.theirs, .alias, .their-text, .row-text bdi, pre') &&
          element.childElementCount > 0
        )
          found.push(`elements in ${element.className}: ${element.innerHTML.slice(0, 100)}`);
        for (const { name, value } of element.attributes) {
          if (/^on|^src|^style$|^srcdoc$|^formaction$|^xlink/.test(name)) found.push(`attribute ${name}`);
          if (name === 'href' && !/^#\/[a-z]+(\/[0-9a-f]{64})?$/.test(value)) found.push(`link to ${value}`);
          if (hidden.test(value)) found.push(`unseen characters in ${name}`);
        }
      }
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode())
        if (hidden.test(walker.currentNode.nodeValue ?? ''))
          found.push(`unseen characters in ${JSON.stringify(walker.currentNode.nodeValue?.slice(0, 60))}`);
      return [...new Set(found)];
    },
    {
      tags: (
        'a article aside bdi blockquote br button canvas caption code dd details div dl dt fieldset footer form h1 h2 header ' +
        'input label legend li main nav ol option p path pre rect search section select span strong summary svg table tbody ' +
        'td textarea th thead time tr ul'
      ).split(' '),
      unseen: invisibleCharacters.source,
    },
  );

browserTest('hostile texts stay text, wherever they are shown', async () => {
  const corpus = injectionCorpus();
  const texts = corpus.map(({ text }) => text);
  const rude = await startRudeRelay(texts.map((text) => `blocked: ${text.slice(0, 150)}`));
  onTestFinished(rude.close);
  const first = await mesh.startAgent('target', [rude.url]);
  await first.owner.setPolicy({ strangers: 'ask' });
  await first.stop();
  const peers = texts.map((text, n) =>
    peerRecord(n, {
      name: text,
      about: text,
      version: text,
      features: [text],
      capabilities: [text],
      alias: n % 5 === 0 ? text : null,
      note: n % 7 === 0 ? text : null,
      trust: n % 3 === 0 ? 'contact' : 'stranger',
    }),
  );
  const messages = texts.map((text, n) =>
    messageRecord(n, peers[n]?.pubkey ?? peerRecord(0).pubkey, {
      direction: n % 4 === 0 ? 'out' : 'in',
      state: n % 4 === 0 ? 'published' : 'received',
      content: text,
      subject: text,
      type: n % 2 ? 'text' : text,
      data: { [text]: [text, { [text]: text }] },
      replyTo: text,
      thread: text,
    }),
  );
  const held = texts.slice(0, 120).map((text, n) =>
    messageRecord(100_000 + n, peers[n * 3 + 1]?.pubkey ?? peerRecord(1).pubkey, {
      direction: 'in',
      content: text,
      timestampMs: Date.now(),
      arrivedAtMs: Date.now(),
    }),
  );
  await seedHome(first.home, { peers, messages, held });
  const agent = await mesh.startAgent('target', [rude.url]);
  // One for each kind of hostile text, by number.
  const chosen = new Map(corpus.map(({ kind }, n) => [kind, n]));

  const context = await (browser as Browser).newContext();
  onTestFinished(() => context.close());
  const { page, misdeeds, show } = await openPage(context, agent);
  const more = page.getByRole('button', { name: /^Show \d+ more/ });
  for (const section of ['overview', 'conversations', 'requests', 'peers', 'relays', 'policy', 'figures']) {
    await show(section);
    if (section === 'overview') await page.getByRole('button', { name: 'Show as a table' }).click();
    while ((await more.count()) > 0) await more.first().click();
    expect(await findForeign(page), section).toEqual([]);
    expect(await findBarriers(page), section).toEqual([]);
    if (PAGE_SHOTS) await page.screenshot({ path: join(PAGE_SHOTS, `hostile-${section}.png`) });
  }
  for (const n of chosen.values()) {
    const { pubkey } = peers[n] as { pubkey: string };
    await show(`conversations/${pubkey}`);
    await page.getByRole('region', { name: 'Messages' }).getByRole('listitem').first().waitFor();
    expect(await findForeign(page), `conversation: ${texts[n]}`).toEqual([]);
    await show(`peers/${pubkey}`);
    await page.getByText('Handshake').waitFor();
    expect(await findForeign(page), `peer: ${texts[n]}`).toEqual([]);
  }
  // The relay's words, in the delivery of a message.
  const { pubkey } = peers.find(({ trust }) => trust === 'contact') as { pubkey: string };
  await agent.owner.sendMessage({ to: pubkey, content: '<img src=x onerror=alert(1)>' });
  await show(`conversations/${pubkey}`);
  await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  for (const summary of await page.locator('summary').all()) await summary.click();
  expect(await findForeign(page), 'delivery').toEqual([]);
  // Searching for markup finds and shows it as text.
  await page.getByRole('searchbox', { name: 'Search messages' }).fill('<img');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Search results' }).getByRole('link').first().waitFor();
  expect(await findForeign(page), 'search').toEqual([]);
  expectNoMisdeeds(misdeeds);
});

browserTest(
  'a website in the same browser reads nothing, changes nothing and cannot use the code',
  async () => {
    const relay = await mesh.startRelay();
    const agent = await mesh.startAgent('owned', [relay.url]);
    const peer = peerRecord(0).pubkey;
    await agent.owner.addPeer({ pubkey: peer });
    const website = await startWebsite();
    onTestFinished(website.close);
    const context = await (browser as Browser).newContext();
    onTestFinished(() => context.close());
    // The owner's page stays open, so that the browser has its cookie.
    const own = await openPage(context, agent);
    const state = async () => [
      await agent.api.getPolicy({}),
      (await agent.api.listMessages({ direction: 'all' })).items,
      (await agent.api.listRelays({})).map(({ url }) => url),
      (await agent.api.getPeer({ pubkey: peer })).trust,
    ];
    const before = await state();

    const port = new URL(agent.url).port;
    // Another origin on this machine, to which cookies go; another site; and both as names that lead here.
    const origins = [`http://127.0.0.1:${website.port}`, `http://evil.example:${website.port}`];
    const bases = [agent.url, `http://localhost:${port}`, `http://rebound.example:${port}`];
    const code = await newCode(agent);
    for (const origin of origins) {
      const page = await context.newPage();
      await page.goto(origin);
      for (const base of bases)
        expect(await page.evaluate(attack, { base, code, peer }), `${origin} → ${base}`).toEqual([]);
      await page.close();
    }
    // A name that leads to the daemon: the same origin for the browser, not for the daemon.
    const rebound = await context.newPage();
    const answer = await rebound.goto(`http://rebound.example:${port}/`);
    expect(await answer?.json()).toMatchObject({ error: 'misdirected_host' });
    const read = await rebound.evaluate(attack, { base: `http://rebound.example:${port}`, code, peer });
    expect(read.filter((text) => !text.includes('"misdirected_host"'))).toEqual([]);
    expect(await state()).toEqual(before);

    // The owner's session goes on, and the code still is good for one page.
    await own.show('peers');
    await own.page
      .getByRole('link', { name: /stranger/ })
      .first()
      .waitFor();
    const stranger = await (browser as Browser).newContext();
    onTestFinished(() => stranger.close());
    const second = await stranger.newPage();
    await second.goto(`${agent.url}/#code=${code}`);
    await second.getByRole('heading', { name: 'Overview' }).waitFor();
    const third = await (await (browser as Browser).newContext()).newPage();
    await third.goto(`${agent.url}/#code=${code}`);
    await third.getByText('This link was used before').waitFor();
    await third.getByText('ocmesh open').waitFor();
    await until(async () => /daemon is running/.test((await third.getByRole('status').textContent()) ?? ''));
    const texts = (await third.locator('body').textContent()) ?? '';
    expect(texts).not.toContain('npub1');
    expect(texts).not.toContain('owned');
    await third.context().close();
  },
);
