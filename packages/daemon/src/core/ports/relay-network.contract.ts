import type { Pubkey, RelayState } from '@ocmesh/shared/contract';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import { describe, expect, test } from 'vitest';
import type { RelayNetwork, RelaySnapshot, Subscription } from './relay-network.ts';

/** Two relays that accept every event and serve every client, and clients of them. */
export interface NetworkHarness {
  readonly urls: readonly [string, string];
  readonly self: Pubkey;
  /** Returns a new client, which is stopped at the end of the test. */
  network(): RelayNetwork;
  /** Signs an event by `self`, dated now. */
  sign(draft: Partial<EventDraft>): NostrEvent;
  /** Breaks every connection to this relay. */
  cut(url: string): void;
  /** Lets clients reconnect to it. */
  restore(url: string): Promise<void>;
  until(check: () => void): Promise<void>;
}

/** Tests that every implementation of the port has to pass. */
export function describeRelayNetwork(name: string, open: () => Promise<NetworkHarness>): void {
  /** Starts a client on these relays, and records everything it reports. */
  function follow(harness: NetworkHarness, urls: readonly string[] = harness.urls) {
    const network = harness.network();
    const heard: (readonly [what: string, url: string])[] = [];
    const events: NostrEvent[] = [];
    const states = new Map<string, RelayState>();
    let asked = 0;
    const permanent: Subscription[] = [
      { name: 'presence', filters: () => [{ kinds: [31337], '#d': [`asked ${++asked}`, 'x'] }] },
      { name: 'dm', filters: () => [{ kinds: [4], '#p': [harness.self], limit: 0 }] },
    ];
    network.start(urls, permanent, {
      onEvent: (event) => events.push(event as NostrEvent),
      onLate: () => heard.push(['late event', '']),
      onAuthenticated: () => {},
      onGarbage: (url, reason) => heard.push([reason, url]),
      onConnected: (url) => heard.push(['connected', url]),
      onDisconnected: (url) => heard.push(['disconnected', url]),
      onNotice: () => {},
      onInfo: () => {},
      onSubscribed: (url, subscription) => heard.push([`subscribed ${subscription}`, url]),
      onState: (url, state) => states.set(url, state),
    });
    const count = (what: string, url: string): number =>
      heard.filter(([each, relay]) => each === what && relay === url).length;
    const relay = (url: string): RelaySnapshot | undefined =>
      network.relays().find((snapshot) => snapshot.url === url);
    const ready = (url: string, times = 1): Promise<void> =>
      harness.until(() => expect(count('subscribed dm', url)).toBe(times));
    return { network, heard, events, states, count, relay, ready, asked: () => asked };
  }

  const dm = (harness: NetworkHarness, to: string, content: string): NostrEvent =>
    harness.sign({ kind: 4, tags: [['p', to]], content });
  const presence = (harness: NetworkHarness, address: string, createdAt?: number): NostrEvent =>
    harness.sign({
      kind: 31337,
      tags: [['d', address]],
      ...(createdAt === undefined ? {} : { created_at: createdAt }),
    });
  const byId = (events: readonly unknown[]): string[] =>
    events.map((event) => (event as NostrEvent).id).sort();

  describe(name, () => {
    test('connects, then subscribes, and shows both', async () => {
      const harness = await open();
      const { network, ready, heard, states, relay } = follow(harness);
      expect(network.relays().map(({ url, open: isOpen }) => [url, isOpen])).toEqual(
        harness.urls.map((url) => [url, false]),
      );
      await Promise.all(harness.urls.map((url) => ready(url)));
      for (const url of harness.urls) {
        const about = heard.flatMap(([what, each]) => (each === url ? [what] : []));
        expect(about[0]).toBe('connected');
        expect(about.slice(1).sort()).toEqual(['subscribed dm', 'subscribed presence']);
        expect(relay(url)).toMatchObject({
          role: 'own',
          open: true,
          state: 'connected',
          connectedSince: expect.any(Number),
          carriesDms: true,
          backoffUntil: null,
        });
        expect(states.get(url)).toBe('connected');
      }
    });

    test('publishes events, and finds them again, the newest first', async () => {
      const harness = await open();
      const [url, other] = harness.urls;
      const { network, ready } = follow(harness);
      await ready(url);
      await ready(other);
      const events = ['a', 'b', 'c'].map((text) => dm(harness, harness.self, text));
      for (const event of events) {
        expect(await network.publish(url, event)).toMatchObject({ outcome: 'accepted' });
      }
      const filter = { kinds: [4], '#p': [harness.self] };
      const found = await network.query(url, [filter]);
      expect([found.complete, found.tooLarge, byId(found.events)]).toEqual([true, false, byId(events)]);
      expect(found.events).toContainEqual(events[0]);
      expect((await network.query(url, [{ ...filter, limit: 2 }])).events).toHaveLength(2);
      expect((await network.query(url, [{ kinds: [31337] }])).events).toEqual([]);
      expect((await network.query(url, [{ ids: [events[1]?.id ?? ''] }])).events).toEqual([events[1]]);
      expect((await network.query(other, [filter])).events).toEqual([]);
    });

    test('accepts the same event twice, and keeps it once', async () => {
      const harness = await open();
      const [url] = harness.urls;
      const { network, ready } = follow(harness);
      await ready(url);
      const event = dm(harness, harness.self, 'x');
      for (let i = 0; i < 2; i++) {
        expect(await network.publish(url, event)).toMatchObject({ outcome: 'accepted' });
      }
      expect((await network.query(url, [{ kinds: [4] }])).events).toHaveLength(1);
    });

    test('keeps the newest of an addressable event', async () => {
      const harness = await open();
      const [url] = harness.urls;
      const { network, ready } = follow(harness);
      await ready(url);
      const newer = presence(harness, 'a');
      const older = presence(harness, 'a', newer.created_at - 10);
      await network.publish(url, older);
      await network.publish(url, newer);
      expect(await network.publish(url, older)).toMatchObject({ outcome: 'accepted' });
      expect((await network.query(url, [{ kinds: [31337] }])).events).toEqual([newer]);
    });

    test('receives events of others that match its filters, each as a new object', async () => {
      const harness = await open();
      const [url] = harness.urls;
      const [alice, bob] = [follow(harness), follow(harness, [harness.urls[0]])];
      await Promise.all([alice.ready(url), bob.ready(url)]);
      const mine = dm(harness, harness.self, 'for us');
      await bob.network.publish(url, dm(harness, 'ab'.repeat(32), 'for another'));
      await bob.network.publish(url, presence(harness, 'nowhere'));
      await bob.network.publish(url, mine);
      await harness.until(() => expect(byId(alice.events)).toEqual([mine.id]));
      expect(alice.events[0]).toEqual(mine);
      expect(alice.events[0]).not.toBe(mine);
    });

    test('receives no backfill for a filter with limit 0', async () => {
      const harness = await open();
      const [url] = harness.urls;
      const early = follow(harness);
      await early.ready(url);
      await early.network.publish(url, dm(harness, harness.self, 'old'));
      const late = follow(harness);
      await late.ready(url);
      expect(late.events).toEqual([]);
    });

    test('is not connected to a relay that is not on its list', async () => {
      const harness = await open();
      const { network, ready } = follow(harness, [harness.urls[0]]);
      await ready(harness.urls[0]);
      for (const url of [harness.urls[1], 'wss://unknown.test']) {
        expect(await network.publish(url, dm(harness, harness.self, 'x'))).toMatchObject({
          outcome: 'not_connected',
        });
        expect(await network.query(url, [{}])).toMatchObject({ complete: false, events: [] });
        network.report(url, 'forged');
      }
    });

    test('reports when a relay disconnects and reconnects, and subscribes again', async () => {
      const harness = await open();
      const [url, other] = harness.urls;
      const { network, ready, count, relay, states, asked } = follow(harness);
      await Promise.all(harness.urls.map((each) => ready(each)));
      const askedBefore = asked();
      harness.cut(url);
      await harness.until(() => expect(count('disconnected', url)).toBe(1));
      expect(relay(url)).toMatchObject({
        open: false,
        state: 'disconnected',
        connectedSince: null,
        carriesDms: false,
      });
      await harness.until(() => expect(states.get(url)).toBe('disconnected'));
      expect(await network.publish(url, dm(harness, harness.self, 'x'))).toMatchObject({
        outcome: 'not_connected',
      });
      expect((await network.query(url, [{}])).complete).toBe(false);
      expect(relay(other)?.open).toBe(true);
      await harness.restore(url);
      await ready(url, 2);
      expect([count('connected', url), count('connected', other)]).toEqual([2, 1]);
      expect(asked()).toBe(askedBefore + 1);
      expect(states.get(url)).toBe('connected');
    });

    test('changes its list: connects to new relays, disconnects from removed ones, keeps the rest', async () => {
      const harness = await open();
      const [one, two] = harness.urls;
      const { network, ready, count, relay, heard } = follow(harness, [one]);
      await ready(one);
      network.use([two, one]);
      expect(network.relays().map(({ url }) => url)).toEqual([two, one]);
      await ready(two);
      expect(count('connected', one)).toBe(1);
      network.use([two]);
      expect(count('disconnected', one)).toBe(1);
      expect([relay(one), network.relays().length]).toEqual([undefined, 1]);
      const before = heard.length;
      const late = dm(harness, harness.self, 'x');
      expect(await network.publish(one, late)).toMatchObject({ outcome: 'not_connected' });
      harness.cut(one);
      await harness.until(() => expect(relay(two)?.open).toBe(true));
      expect(heard.slice(before)).toEqual([]);
    });

    test('connects to a peer’s relay for writing, and does not subscribe to it', async () => {
      const harness = await open();
      const [own, peers] = harness.urls;
      const { network, ready, count, relay, heard } = follow(harness, [own]);
      await ready(own);
      network.reach(own);
      network.reach(peers);
      await harness.until(() => expect(count('connected', peers)).toBe(1));
      expect(network.relays().map(({ url, role }) => [url, role])).toEqual([
        [own, 'own'],
        [peers, 'peer'],
      ]);
      expect(relay(peers)).toMatchObject({ open: true, state: 'connected', carriesDms: false });
      expect(await network.publish(peers, dm(harness, harness.self, 'x'))).toMatchObject({
        outcome: 'accepted',
      });
      expect(await network.query(peers, [{ kinds: [4] }])).toMatchObject({ complete: false, events: [] });
      expect(heard.filter(([what, url]) => url === peers && what !== 'connected')).toEqual([]);
      network.use([own, peers]);
      await ready(peers);
      expect(relay(peers)?.role).toBe('own');
    });

    test('keeps working after a wake-up and reports of misbehaviour', async () => {
      const harness = await open();
      const [url] = harness.urls;
      const { network, ready, relay } = follow(harness);
      await ready(url);
      network.wake();
      network.report(url, 'unasked');
      network.report(url, 'forged');
      expect(relay(url)?.open).toBe(true);
      expect(await network.publish(url, dm(harness, harness.self, 'x'))).toMatchObject({
        outcome: 'accepted',
      });
    });

    test('reports nothing once it is stopped', async () => {
      const harness = await open();
      const [url] = harness.urls;
      const [gone, there] = [follow(harness), follow(harness)];
      await Promise.all([gone.ready(url), gone.ready(harness.urls[1]), there.ready(url)]);
      const before = gone.heard.length;
      await gone.network.stop();
      const event = dm(harness, harness.self, 'x');
      await there.network.publish(url, event);
      await harness.until(() => expect(byId(there.events)).toEqual([event.id]));
      expect([gone.heard.length, gone.events]).toEqual([before, []]);
      expect(await gone.network.publish(url, event)).toMatchObject({ outcome: 'not_connected' });
      expect(await gone.network.query(url, [{}])).toMatchObject({ complete: false, events: [] });
      gone.network.use([url]);
      gone.network.reach(url);
      gone.network.wake();
      await gone.network.stop();
    });
  });
}
