import type { Socket } from 'node:net';
import {
  createFakeClock,
  createSeededRandom,
  type RecordingProxy,
  startConnectProxy,
  startSocksProxy,
  testAuthority,
} from '@ocmesh/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openNetwork, until } from '../../../../test/support/open-network.ts';
import { startScriptedRelay } from '../../../../test/support/scripted-relay.ts';
import { watchSockets } from '../../../../test/support/watch-sockets.ts';
import { nostrLimits } from '../limits.ts';
import type { Outbound } from './dialer.ts';
import { isExempt } from './no-proxy.ts';
import { openTunnel } from './open-tunnel.ts';
import { type ProxyAddress, parseProxyAddress } from './proxy-address.ts';
import { ProxyError } from './proxy-error.ts';

const TUNNEL_MS = nostrLimits.proxy.tunnelMs;
const RELAY = 'ws://relay.example:4848';
const ROUTE = 'relay.example:4848';

const starters = { connect: startConnectProxy, socks: startSocksProxy } as const;
type Kind = keyof typeof starters;
const kinds = Object.keys(starters) as Kind[];

interface Setup {
  readonly routes?: Record<string, number>;
  readonly credentials?: string;
  readonly secure?: boolean;
}

async function startProxy(kind: Kind, { routes = {}, ...options }: Setup): Promise<RecordingProxy> {
  const proxy = await starters[kind]({ routes, ...options });
  onTestFinished(() => proxy.stop());
  return proxy;
}

function addressOf(url: string): ProxyAddress {
  const address = parseProxyAddress(url);
  if ('problem' in address) throw new Error(address.problem);
  return address;
}

const through = (url: string, more: Partial<Outbound> = {}): Outbound => ({
  proxy: addressOf(url),
  isExempt: () => false,
  authorities: [],
  ...more,
});

const withUser = (proxy: RecordingProxy, user: string): string => proxy.url.replace('://', `://${user}@`);

/** Starts a relay that only a proxy finds by its name. */
async function startHiddenRelay(kind: Kind, setup: Setup = {}, name = ROUTE) {
  const relay = await startScriptedRelay({
    onRequest: (_, response) => response.end(JSON.stringify({ supported_nips: [1, 11] })),
  });
  const proxy = await startProxy(kind, { routes: { [name]: relay.port }, ...setup });
  return { relay, proxy };
}

describe.each(kinds)('through a %s proxy', (kind) => {
  test('WebSocket and NIP-11 reach a relay whose name only the proxy can resolve', async () => {
    const { relay, proxy } = await startHiddenRelay(kind);
    const sockets = watchSockets();
    const open = openNetwork([RELAY], { outbound: through(proxy.url) });
    await until(() => expect(open.relay().carriesDms).toBe(true));
    await until(() => expect(open.relay().info?.supportedNips).toEqual([1, 11]));
    expect(relay.requests()).toEqual({ upgrades: 1, documents: 1 });
    expect(proxy.asked).toEqual([ROUTE, ROUTE]);
    const expected = [`127.0.0.1:${proxy.port}`, `127.0.0.1:${relay.port}`];
    expect(sockets.connected.filter((one) => !expected.includes(one))).toEqual([]);
    expect(sockets.lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([]);
  });

  test('the relay of a peer, too', async () => {
    const { proxy } = await startHiddenRelay(kind, {}, 'hidden.onion:80');
    const sockets = watchSockets();
    const open = openNetwork([], { outbound: through(proxy.url) });
    open.network.reach('ws://hidden.onion');
    await until(() => expect(open.relay('ws://hidden.onion').open).toBe(true));
    expect(proxy.asked).toEqual(['hidden.onion:80']);
    expect(sockets.lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([]);
  });

  test('an address is passed on as it is', async () => {
    const { proxy } = await startHiddenRelay(kind, {}, '192.0.2.7:80');
    const open = openNetwork(['ws://192.0.2.7'], { outbound: through(proxy.url) });
    await until(() => expect(open.relay().open).toBe(true));
    expect(proxy.asked).toContain('192.0.2.7:80');
  });

  test('user name and password are given, and shown nowhere', async () => {
    const { proxy } = await startHiddenRelay(kind, { credentials: 'agent:p@ss:word' });
    const open = openNetwork([RELAY], { outbound: through(withUser(proxy, 'agent:p%40ss:word')) });
    await until(() => expect(open.relay().open).toBe(true));
    await proxy.stop();
    await until(() => expect(open.relay().open).toBe(false));
    await open.clock.advance(nostrLimits.reconnect.aloneMaxMs);
    await until(() => expect(open.relay().isProxyDown).toBe(true));
    expect(JSON.stringify([open.relay(), open.log.lines])).not.toMatch(/p@ss|p%40ss/);
  });

  test('TLS to the relay goes end to end, and trusts the authority that the owner named', async () => {
    const relay = await startScriptedRelay({ secure: true });
    const proxy = await startProxy(kind, { routes: { 'relay.example:443': relay.port } });
    const url = 'wss://relay.example';
    const distrusting = openNetwork([url], { outbound: through(proxy.url) });
    await until(() => expect(distrusting.relay().lastError).toMatch(/certificate/));
    expect(distrusting.relay()).toMatchObject({ isProxyDown: false });
    const trusting = openNetwork([url], { outbound: through(proxy.url, { authorities: [testAuthority] }) });
    await until(() => expect(trusting.relay().open).toBe(true));
  });

  test('a stop does not leave a connection behind that the proxy never opened', async () => {
    const { proxy } = await startHiddenRelay(kind);
    proxy.misbehave(() => {});
    const open = openNetwork([RELAY], { outbound: through(proxy.url) });
    await until(() => expect(proxy.open()).toBe(2));
    await open.network.stop();
    await until(() => expect(proxy.open()).toBe(0));
  });

  const endless = (client: Socket): void => {
    client.write(kind === 'socks' ? Buffer.from([5]) : `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`);
  };
  const faults: [string, (client: Socket) => void, RegExp][] = [
    ['hangs', () => {}, /did not respond within 15 s$/],
    ['hangs up', (client) => client.destroy(), /closed the connection/],
    ['resets', (client) => client.resetAndDestroy(), /closed the connection/],
    ['speaks nonsense', (client) => client.end('SSH-2.0-x\r\n\r\n'), /something else than/],
    [
      'sends a header without end',
      endless,
      kind === 'socks' ? /did not respond within 15 s/ : /something else than HTTP \(HPE_HEADER_OVERFLOW\)/,
    ],
  ];
  test.each(faults)(
    'one that %s is named as the trouble, and nothing goes around it',
    async (_, script, named) => {
      const { relay, proxy } = await startHiddenRelay(kind);
      proxy.misbehave(script);
      const sockets = watchSockets();
      const open = openNetwork([RELAY], { outbound: through(withUser(proxy, 'agent:secret')) });
      await until(() => expect(proxy.connections()).toBeGreaterThanOrEqual(2));
      await new Promise((resolve) => setImmediate(resolve));
      await open.clock.advance(TUNNEL_MS);
      await until(() => expect(open.relay().isProxyDown).toBe(true));
      expect(open.relay()).toMatchObject({ state: expect.stringMatching(/connect/), backoffUntil: null });
      expect(open.relay().lastError).toMatch(named);
      expect(open.relay().lastError).toContain(
        `the proxy ${kind === 'socks' ? 'socks5h' : 'http'}://127.0.0.1:${proxy.port} `,
      );
      expect(open.logged('the proxy does not work: relays are reached through nothing else')).toBe(1);
      expect(relay.requests()).toEqual({ upgrades: 0, documents: 0 });
      expect(new Set(sockets.connected)).toEqual(new Set([`127.0.0.1:${proxy.port}`]));
      expect(sockets.lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([]);
      expect(JSON.stringify([open.relay(), open.log.lines])).not.toContain('secret');
    },
  );

  test('random bytes never do more than end the attempt', async () => {
    const random = createSeededRandom(28);
    const { proxy } = await startHiddenRelay(kind);
    const starts =
      kind === 'socks'
        ? [
            [5, 0],
            [5, 0, 5, 0, 0],
            [5, 2],
            [5, 0, 5, 4],
          ]
        : [[...Buffer.from('HTTP/1.1 ')]];
    proxy.misbehave((client) => {
      const start = starts[Math.floor(random.unit() * starts.length)] ?? [];
      const bytes = Array.from({ length: Math.floor(random.unit() * 40) }, () =>
        Math.floor(random.unit() * 256),
      );
      client.end(Buffer.from([...start, ...bytes]));
    });
    const clock = createFakeClock();
    const { signal } = new AbortController();
    for (let n = 0; n < 200; n++) {
      const asked = openTunnel(
        addressOf(withUser(proxy, 'a:b')),
        { host: 'relay.example', port: 80 },
        { clock, signal, secureContext: null },
      );
      const outcome = await asked.catch((error: unknown) => error);
      // A reply that happens to be right opens the tunnel.
      if (!(outcome instanceof ProxyError)) (outcome as Socket).destroy();
    }
    expect(proxy.connections()).toBe(200);
    expect(clock.pending()).toBe(0);
  });

  test('wrong credentials are the proxy’s trouble, whatever else works', async () => {
    const { proxy } = await startHiddenRelay(kind, { credentials: 'agent:right' });
    const open = openNetwork([RELAY], { outbound: through(withUser(proxy, 'agent:wrong')) });
    await until(() => expect(open.relay().isProxyDown).toBe(true));
    expect(open.relay().lastError).toMatch(/wants another user name or password/);
    expect(proxy.asked).toEqual([]);
  });

  test('when it comes back, relays are reached within 8 s, even beside one that was never lost', async () => {
    const { proxy } = await startHiddenRelay(kind);
    const local = await startScriptedRelay();
    const open = openNetwork([local.url, RELAY], { outbound: through(proxy.url) });
    await until(() => expect(open.relay(RELAY).open).toBe(true));
    await proxy.stop();
    await until(() =>
      expect(open.relay(RELAY).isProxyDown || open.relay(RELAY).state === 'disconnected').toBe(true),
    );
    for (let n = 0; n < 80; n++) {
      await open.clock.advance(nostrLimits.reconnect.aloneMaxMs);
      await until(() =>
        expect(open.relay(RELAY)).toMatchObject({ state: 'disconnected', isProxyDown: true }),
      );
    }
    expect(open.relay(local.url).open).toBe(true);
    await proxy.restart();
    await open.clock.advance(nostrLimits.reconnect.aloneMaxMs);
    await until(() => expect(open.relay(RELAY)).toMatchObject({ open: true, isProxyDown: false }));
    expect(open.logged('the proxy works again')).toBe(1);
  });

  test('a relay that the proxy cannot reach is the one to blame, once another is reached', async () => {
    const { proxy } = await startHiddenRelay(kind);
    const dead = 'ws://dead.example';
    const open = openNetwork([dead], { outbound: through(proxy.url) });
    await until(() => expect(open.relay(dead).isProxyDown).toBe(true));
    expect(open.relay(dead).lastError).toMatch(
      /did not connect us: (HTTP 502|host not found or unreachable)/,
    );
    expect(open.logged('the proxy does not work: relays are reached through nothing else')).toBe(0);
    open.network.use([dead, RELAY]);
    await until(() => expect(open.relay(RELAY).open).toBe(true));
    expect(open.relay(dead)).toMatchObject({ isProxyDown: false, state: 'disconnected' });
  });
});

test.each([401, 402, 403, 429, 503])('HTTP %i of a proxy is no refusal of the relay', async (status) => {
  const { proxy } = await startHiddenRelay('connect');
  proxy.misbehave((client) => client.end(`HTTP/1.1 ${status} No\r\nRetry-After: 3600\r\n\r\n`));
  const open = openNetwork([RELAY], { outbound: through(proxy.url) });
  await until(() => expect(open.relay().lastError).toContain(`HTTP ${status}`));
  expect(open.relay()).toMatchObject({ state: 'disconnected', backoffUntil: null, isProxyDown: true });
});

test('a proxy that cannot be reached is named, and so is one whose name is unknown', async () => {
  const proxy = await startProxy('socks', {});
  await proxy.stop();
  const open = openNetwork([RELAY], { outbound: through(proxy.url) });
  await until(() => expect(open.relay().lastError).toMatch(/cannot be reached \(ECONNREFUSED\)$/));
  const nameless = openNetwork([RELAY], { outbound: through('http://proxy.invalid:8080') });
  await until(() =>
    expect(nameless.relay().lastError).toMatch(
      /^the proxy http:\/\/proxy.invalid:8080 was not found by its name/,
    ),
  );
  expect(nameless.relay().isProxyDown).toBe(true);
});

test('an https proxy is trusted only with the authority that the owner named', async () => {
  const { proxy } = await startHiddenRelay('connect', { secure: true });
  const distrusting = openNetwork([RELAY], { outbound: through(proxy.url) });
  await until(() =>
    expect(distrusting.relay().lastError).toMatch(/has a certificate that cannot be verified/),
  );
  expect(proxy.asked).toEqual([]);
  const trusting = openNetwork([RELAY], { outbound: through(proxy.url, { authorities: [testAuthority] }) });
  await until(() => expect(trusting.relay().open).toBe(true));
});

test('an authority that the owner named is trusted without a proxy, for NIP-11 too', async () => {
  const relay = await startScriptedRelay({ secure: true, onRequest: (_, response) => response.end('{}') });
  const outbound = { proxy: null, isExempt: () => false };
  const distrusting = openNetwork([relay.url], { outbound: { ...outbound, authorities: [] } });
  await until(() => expect(distrusting.relay().lastError).toMatch(/certificate/));
  expect(relay.requests()).toEqual({ upgrades: 0, documents: 0 });
  const trusting = openNetwork([relay.url], { outbound: { ...outbound, authorities: [testAuthority] } });
  await until(() => expect(trusting.relay().info).not.toBeNull());
  expect(trusting.relay().open).toBe(true);
});

test('a relay on this machine is reached directly, and its name is not looked up', async () => {
  const proxy = await startProxy('socks', {});
  const relay = await startScriptedRelay();
  const sockets = watchSockets();
  const urls = [relay.url, `ws://localhost:${relay.port}`, `ws://relay.localhost:${relay.port}`];
  const open = openNetwork(urls, { outbound: through(proxy.url) });
  for (const url of urls) await until(() => expect(open.relay(url).open).toBe(true));
  expect(proxy.connections()).toBe(0);
  expect(sockets.lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([]);
});

test('a host that is exempt is reached directly', async () => {
  const proxy = await startProxy('socks', {});
  const open = openNetwork(['ws://relay.invalid', 'ws://other.example'], {
    outbound: through(proxy.url, { isExempt: (host) => host === 'relay.invalid' }),
  });
  await until(() => expect(open.relay().lastError).toMatch(/^getaddrinfo/));
  await until(() => expect(proxy.asked).toContain('other.example:80'));
  expect(proxy.asked).not.toContain('relay.invalid:80');
});

test.each(['ws://hidden.onion', 'wss://hidden.onion'])(
  '%s is never looked up without a proxy',
  async (url) => {
    const sockets = watchSockets();
    const open = openNetwork([url]);
    await until(() => expect(open.relay().lastError).toMatch(/only reached through a proxy/));
    expect(sockets).toEqual({ connected: [], lookedUp: [] });
  },
);

test.each([
  ['socks5://127.0.0.1', 'socks5h://127.0.0.1:1080'],
  ['SOCKS5H://Proxy.Example:9050/', 'socks5h://proxy.example:9050'],
  ['socks://[::1]:9050', 'socks5h://[::1]:9050'],
  ['http://user:pass@proxy.example:3128', 'http://proxy.example:3128'],
  ['https://proxy.example', 'https://proxy.example:443'],
])('reads the address %s', (text, shown) => {
  const address = addressOf(text);
  expect(address.shown).toBe(shown);
  expect(JSON.stringify(address)).not.toContain('pass');
});

test.each([
  '',
  'proxy.example',
  'ftp://proxy.example',
  'socks4://proxy.example',
  'http://',
  'socks5://',
  'http://proxy.example/path?secret',
  'http://proxy.example:0',
  'http://user:secret%@proxy.example',
  `socks5://user:${'secret'.repeat(50)}@proxy.example`,
  'socks5://host with secret:1',
])('refuses the address %j without repeating it', (text) => {
  expect(parseProxyAddress(text)).toMatchObject({ problem: expect.not.stringMatching(/secret|example/) });
});

test.each([
  ['relay.example', 'relay.example', 443, true],
  ['relay.example', 'sub.relay.example', 443, true],
  ['.relay.example', 'sub.relay.example', 443, true],
  ['*.relay.example', 'sub.relay.example', 443, true],
  ['relay.example', 'notrelay.example', 443, false],
  ['RELAY.example', 'relay.example.', 443, true],
  ['relay.example:7777', 'relay.example', 7777, true],
  ['relay.example:7777', 'relay.example', 443, false],
  ['10.0.0.0/8', '10.1.2.3', 443, true],
  ['10.0.0.0/8', '11.1.2.3', 443, false],
  ['10.0.0.0/99', '10.1.2.3', 443, false],
  ['0.0.1', '10.0.0.1', 443, false],
  ['fd00::/8', '[fd00::1]', 443, true],
  ['[fd00::1]:80', 'fd00::1', 80, true],
  ['fd00::1', 'fd00::1', 80, true],
  ['*', 'anything.example', 80, true],
  ['.', 'anything.example', 80, false],
])('the entry %s for %s:%i', (entry, host, port, expected) => {
  expect(isExempt([entry], host, port)).toBe(expected);
});
