import { aRelay, aStatus, createRealClock, type RecordingProxy, startConnectProxy } from '@ocmesh/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { Finding } from '../check.ts';
import { proxyCheck } from './proxy.ts';

const RELAY = 'wss://relay.example';

async function startProxy(): Promise<RecordingProxy> {
  const proxy = await startConnectProxy({ routes: {} });
  onTestFinished(() => proxy.stop());
  return proxy;
}

async function check(
  env: Record<string, string>,
  options: { readonly daemon?: { address: string; from: string } | null; readonly relays?: string[] } = {},
): Promise<Finding> {
  const { daemon, relays = ['ws://127.0.0.1:7447', RELAY] } = options;
  const facts = {
    config: () => loadConfig('/no/config.json', env, {}),
    daemon: async () =>
      daemon === undefined ? null : { url: 'http://127.0.0.1:1', status: aStatus({ proxy: daemon }) },
    relays: async () => relays.map((url) => aRelay({ url })),
  };
  return (await proxyCheck(facts, createRealClock()).run()) as Finding;
}

describe(proxyCheck, () => {
  it('says that there is none', async () => {
    expect(await check({})).toMatchObject({ state: 'ok', found: 'none: relays are reached directly' });
  });

  it('names the proxy and where it comes from, without its password, and tries it', async () => {
    const proxy = await startProxy();
    const finding = await check({ HTTPS_PROXY: proxy.url.replace('://', '://user:secret@') });
    expect(finding).toMatchObject({ state: 'ok', found: `${proxy.url}, from HTTPS_PROXY: it responds` });
    // That it does not know the relay is for the check of the relay to say.
    expect(proxy.asked).toEqual(['relay.example:443']);
  });

  it('fails if the proxy is not reached', async () => {
    const proxy = await startProxy();
    await proxy.stop();
    expect(await check({ OCMESH_PROXY: proxy.url })).toMatchObject({
      state: 'fail',
      found: `from OCMESH_PROXY: the proxy ${proxy.url} cannot be reached (ECONNREFUSED)`,
    });
  });

  it('fails if the proxy wants other credentials', async () => {
    const proxy = await startConnectProxy({ routes: {}, credentials: 'user:right' });
    onTestFinished(() => proxy.stop());
    const finding = await check({ OCMESH_PROXY: proxy.url.replace('://', '://user:wrong@') });
    expect(finding).toMatchObject({ state: 'fail', found: expect.stringContaining('HTTP 407') });
    expect(JSON.stringify(finding)).not.toContain('wrong');
  });

  it('does not need the proxy for relays on this machine', async () => {
    const finding = await check({ OCMESH_PROXY: 'http://127.0.0.1:1' }, { relays: ['ws://localhost:7447'] });
    expect(finding).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('no relay in use needs it'),
    });
  });

  it.each([
    [
      'a daemon that does not see the variable of this shell',
      { ALL_PROXY: 'socks5://a.test' },
      null,
      /directly, and socks5h:\/\/a.test:1080 is set here, by ALL_PROXY$/,
    ],
    [
      'a daemon with a proxy that is not set here',
      {},
      { address: 'http://a.test:80', from: 'https_proxy' },
      /through http:\/\/a.test:80, from https_proxy, and no proxy is set here$/,
    ],
    [
      'a daemon with another proxy',
      { OCMESH_PROXY: 'http://b.test' },
      { address: 'http://a.test:80', from: 'x' },
      /through http:\/\/a.test:80.*http:\/\/b.test:80 is set here/,
    ],
  ])('warns of %s', async (_, env, daemon, found) => {
    const finding = await check(env, { daemon });
    expect(finding).toMatchObject({ state: 'warn', found: expect.stringMatching(found) });
    expect(finding.nextStep).toContain('config.json');
  });
});
