import { every, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type EventDraft, kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import {
  chatText,
  type DeployedVersion,
  deployedTimes,
  helloText,
  presenceDraft,
  show,
  typedText,
} from '../../../testkit/src/deployed-dialect.ts';
import { secretKeyOf } from '../crypto/transparent-engine.ts';
import type { Sending } from '../model/record.ts';
import type { SimulatedSocket } from '../network/socket.ts';
import { EPOCH_MS } from '../time/machine-clock.ts';
import type { DeployedAgent, World } from '../world.ts';

const {
  announceMs: ANNOUNCE_MS,
  discoverMs: DISCOVER_MS,
  onlineWindowSec: ONLINE_WINDOW_SEC,
} = deployedTimes;
const RECONNECT_MS = 10_000;

export function startDeployedAgent(
  world: World,
  { name, version, url }: { readonly name: string; readonly version: DeployedVersion; readonly url: string },
): DeployedAgent {
  const { virtual, engine, network } = world;
  const secretKey = secretKeyOf(`${world.plan.seed} ${name}`);
  const pubkey = engine.publicKey(secretKey);
  const clock = {
    now: () => EPOCH_MS + virtual.now(),
    monotonic: virtual.now,
    after: (ms: number, run: () => void) => virtual.at(virtual.now() + ms, run),
  };
  const nowSec = (): number => toUnixSec(clock.now());
  const startedSec = nowSec();
  const seen = new Set<string>();
  const events = new Set<string>();
  const underWay = new Map<string, Sending>();
  const shown: { from: Pubkey; text: string }[] = [];
  let opening: SimulatedSocket | null = null;
  /** Once it is open. */
  let socket: SimulatedSocket | null = null;
  let isOn = true;

  function connect(): void {
    if (!isOn || opening) return;
    const next = network.connect(name, name, url);
    opening = next;
    next.on('error', () => {});
    next.on('open', () => {
      socket = next;
      subscribe('dms', { kinds: [kinds.encryptedDm], '#p': [pubkey], since: startedSec });
      announce();
      discover();
    });
    next.on('message', (data: Buffer) => onFrame(JSON.parse(data.toString())));
    next.on('close', () => {
      socket = null;
      opening = null;
      clock.after(RECONNECT_MS, connect);
    });
  }

  const say = (...frame: readonly unknown[]): void => socket?.send(JSON.stringify(frame));
  const subscribe = (id: string, filter: object): void => say('REQ', id, filter);
  const sign = (draft: EventDraft): NostrEvent => engine.sign(draft, secretKey);
  const announce = (): void => say('EVENT', sign(presenceDraft(version, nowSec())));
  const discover = (): void =>
    subscribe('discovery', { kinds: [kinds.presence], since: nowSec() - ONLINE_WINDOW_SEC });

  function onFrame([type, first, value]: readonly unknown[]): void {
    const sending = type === 'OK' && value === true ? underWay.get(String(first)) : undefined;
    if (sending) {
      sending.outcome = 'accepted';
      sending.acceptedAtMs = virtual.now();
    }
    const event = type === 'EVENT' ? parseEvent(value) : null;
    if (!event || !engine.verify(event) || event.pubkey === pubkey) return;
    if (event.kind === kinds.presence) onPresence(event.pubkey);
    if (event.kind === kinds.encryptedDm && !events.has(event.id)) onDm(event);
  }

  function onPresence(peer: Pubkey): void {
    if (seen.has(peer)) return;
    seen.add(peer);
    write(peer, helloText(version, pubkey, name, clock.now()));
  }

  function onDm(event: NostrEvent): void {
    events.add(event.id);
    let plaintext: string;
    try {
      plaintext = engine.nip04.open(secretKey, event.pubkey, event.content);
    } catch {
      return;
    }
    const { type, text } = show(version, plaintext);
    if (text === undefined) return;
    shown.push({ from: event.pubkey, text });
    world.history.note(name, `shows “${text.slice(0, 40)}”`);
    if (version === '0.2.0' && (type ?? 'text') === 'text')
      write(event.pubkey, typedText('delivered', clock.now(), { msgId: event.id }));
  }

  function write(to: Pubkey, plaintext: string): string {
    const content = engine.nip04.seal(secretKey, to, plaintext);
    const event = sign({ kind: kinds.encryptedDm, created_at: nowSec(), tags: [['p', to]], content });
    say('EVENT', event);
    return event.id;
  }

  connect();
  every(clock, ANNOUNCE_MS, announce);
  every(clock, DISCOVER_MS, discover);
  return {
    pubkey,
    shown,
    url,
    setOn(next) {
      if (next === isOn) return;
      isOn = next;
      if (isOn) connect();
      else opening?.terminate();
    },
    send(to, text) {
      const key = world.keyOf(to);
      if (!key || !socket) return;
      const sending: Sending = {
        content: text,
        from: name,
        to,
        atMs: virtual.now(),
        lifeMs: null,
        outcome: 'pending',
        id: null,
        acceptedAtMs: null,
      };
      world.sendings.push(sending);
      underWay.set(write(key, chatText(version, text, clock.now())), sending);
    },
  };
}
