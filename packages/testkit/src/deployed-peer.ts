import type { Pubkey } from '@ocmesh/shared/contract';
import { type EventDraft, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { decrypt, encrypt } from 'nostr-tools/nip04';
import { finalizeEvent } from 'nostr-tools/pure';
import type { Actor } from './actors.ts';
import {
  chatText,
  type DeployedVersion,
  deployedTimes,
  helloText,
  presenceDraft,
  show,
  typedText,
} from './deployed-dialect.ts';
import { connectRelay } from './relay-client.ts';

const {
  announceMs: ANNOUNCE_MS,
  discoverMs: DISCOVER_MS,
  onlineWindowSec: ONLINE_WINDOW_SEC,
} = deployedTimes;
/** Far more than it takes on a busy machine. */
const WAIT_MS = 120_000;

export interface DeployedPeerOptions {
  readonly relayUrl: string;
  readonly actor: Actor;
  readonly version: DeployedVersion;
  /** Whether it authenticates (NIP-42). The real one does not, and gets no DMs from a relay that requires it. */
  readonly auth?: boolean;
  /** Whether its user reads what arrives, so that v0.2.0 sends `read` after `delivered`. Default true. */
  readonly reads?: boolean;
}

export interface ReceivedDm {
  readonly from: string;
  readonly plaintext: string;
  /** The text shown to its user; absent for payloads that are not messages. */
  readonly text?: string;
  /** The payload's type; absent for plain text. */
  readonly type?: string;
  readonly eventId: string;
}

export interface SentDm {
  readonly eventId: string;
  readonly accepted: boolean;
}

export interface DeployedPeer {
  readonly pubkey: Pubkey;
  readonly received: readonly ReceivedDm[];
  /** Keys whose presence it saw. */
  readonly seen: ReadonlySet<string>;
  /** Resolves with the first matching DM, past or future; rejects after `timeoutMs` (default: two minutes). */
  waitFor(predicate: (dm: ReceivedDm) => boolean, timeoutMs?: number): Promise<ReceivedDm>;
  /** Sends a DM with exactly this plaintext. */
  send(to: string, plaintext: string): Promise<SentDm>;
  /** Sends a text in the format of its version. */
  sendText(to: string, text: string): Promise<SentDm>;
  stop(): Promise<void>;
}

const nowSec = (): number => Math.floor(Date.now() / 1000);

/** Starts an agent of the deployed mesh on one relay. Resolves when it has announced itself and subscribed. */
export async function startDeployedPeer(options: DeployedPeerOptions): Promise<DeployedPeer> {
  const { relayUrl, actor, version, auth = false, reads = true } = options;
  const { pubkey, secretKey } = actor;
  const startedSec = nowSec();
  const received: ReceivedDm[] = [];
  const seen = new Set<string>();
  const waiting = new Set<(dm: ReceivedDm) => void>();

  const client = await connectRelay(relayUrl, auth ? signChallenge : null);
  const refusal = await subscribeDms();
  if (refusal !== null && auth && (await client.authenticated)) await subscribeDms();
  await Promise.all([announce(), discover()]);
  const timers = [
    setInterval(() => void announce(), ANNOUNCE_MS),
    setInterval(() => void discover(), DISCOVER_MS),
  ];

  function sign(draft: EventDraft): NostrEvent {
    const tags = draft.tags.map((tag) => [...tag]);
    return { ...finalizeEvent({ ...draft, tags }, secretKey), pubkey };
  }

  function signChallenge(challenge: string): NostrEvent {
    const tags = [
      ['relay', relayUrl],
      ['challenge', challenge],
    ];
    return sign({ kind: kinds.clientAuth, created_at: nowSec(), tags, content: '' });
  }

  function announce(): Promise<boolean> {
    return client.publish(sign(presenceDraft(version, nowSec())));
  }

  function discover(): Promise<string | null> {
    const filter = { kinds: [kinds.presence], since: nowSec() - ONLINE_WINDOW_SEC };
    return client.subscribe('discovery', filter, onPresence);
  }

  /** Subscribes from the start time on: it misses everything sent while it was offline. */
  function subscribeDms(): Promise<string | null> {
    return client.subscribe('dms', { kinds: [kinds.encryptedDm], '#p': [pubkey], since: startedSec }, onDm);
  }

  function onPresence(event: NostrEvent): void {
    if (event.pubkey === pubkey || seen.has(event.pubkey)) return;
    seen.add(event.pubkey);
    void send(event.pubkey, helloText(version, pubkey, actor.name, Date.now()));
  }

  function onDm(event: NostrEvent): void {
    if (received.some((dm) => dm.eventId === event.id)) return;
    const plaintext = open(event);
    if (plaintext === null) return;
    const dm = { from: event.pubkey, plaintext, ...show(version, plaintext), eventId: event.id };
    received.push(dm);
    for (const check of waiting) check(dm);
    if (version === '0.2.0') void reply(dm);
  }

  function open(event: NostrEvent): string | null {
    try {
      return decrypt(secretKey, event.pubkey, event.content);
    } catch {
      return null;
    }
  }

  async function reply(dm: ReceivedDm): Promise<void> {
    if (dm.type === 'ping') await send(dm.from, typedText('pong', Date.now(), {}));
    if (dm.text === undefined || (dm.type ?? 'text') !== 'text') return;
    await send(dm.from, typedText('delivered', Date.now(), { msgId: dm.eventId }));
    if (reads) await send(dm.from, typedText('read', Date.now(), { msgId: dm.eventId }));
  }

  async function send(to: string, plaintext: string): Promise<SentDm> {
    const content = encrypt(secretKey, to, plaintext);
    const event = sign({ kind: kinds.encryptedDm, created_at: nowSec(), tags: [['p', to]], content });
    return { eventId: event.id, accepted: await client.publish(event) };
  }

  function waitFor(predicate: (dm: ReceivedDm) => boolean, timeoutMs = WAIT_MS): Promise<ReceivedDm> {
    const past = received.find(predicate);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(
          new Error(`${actor.name} got no such DM in ${timeoutMs} ms; it has ${JSON.stringify(received)}`),
        );
      }, timeoutMs);
      waiting.add(check);
      function check(dm: ReceivedDm): void {
        if (!predicate(dm)) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(dm);
      }
    });
  }

  return {
    pubkey,
    received,
    seen,
    waitFor,
    send,
    sendText: (to, text) => send(to, chatText(version, text, Date.now())),
    stop() {
      for (const timer of timers) clearInterval(timer);
      return client.close();
    },
  };
}
