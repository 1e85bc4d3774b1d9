import type { Pubkey } from '@ocmesh/shared/contract';
import { until } from '@ocmesh/testkit';
import {
  Client,
  EventBuilder,
  Filter,
  Keys,
  Kind,
  loadWasmAsync,
  NostrSigner,
  nip04Decrypt,
  nip04Encrypt,
  PublicKey,
  type SendEventOutput,
  Tag,
  UnwrappedGift,
} from '@rust-nostr/nostr-sdk';
import { WebSocket } from 'ws';

/** A decrypted message: encryption, claimed author, text. */
interface Opened {
  readonly sealed: 'NIP-04' | 'NIP-17';
  readonly from: string;
  readonly text: string;
  /** The encrypted event from the relay. */
  readonly outer: { readonly id: string; readonly pubkey: string; readonly tags: readonly string[][] };
  /** The unsigned message inside a gift wrap. */
  readonly rumor?: {
    readonly id: string;
    readonly kind: number;
    readonly pubkey: string;
    readonly tags: readonly string[][];
  };
}

export interface RustClient {
  readonly pubkey: Pubkey;
  readonly received: readonly Opened[];
  waitFor(predicate: (message: Opened) => boolean): Promise<Opened>;
  /** Announces an ocmesh agent with these features. */
  announce(version: string, features: readonly string[]): Promise<void>;
  sendNip04(to: string, text: string): Promise<void>;
  sendNip17(to: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

const open = new Set<RustClient>();

/** Stops all running clients. */
export async function stopRustClients(): Promise<void> {
  await Promise.all([...open].map((client) => client.stop()));
}

/** Starts a rust-nostr client, which shares no code with ours. Resolves when it has subscribed. */
export async function startRustClient(relayUrl: string): Promise<RustClient> {
  // It uses the global WebSocket, which Node 20 lacks.
  Object.assign(globalThis, { WebSocket });
  await loadWasmAsync();
  const keys = Keys.generate();
  const { publicKey, secretKey } = keys;
  // wasm-bindgen consumes arguments: create a new one for each call.
  const signer = () => NostrSigner.keys(keys);
  const received: Opened[] = [];

  const client = new Client(signer());
  await client.addRelay(relayUrl);
  await client.connect();
  await until(async () => (await client.relays()).every((relay) => relay.isConnected()));
  client.handleNotifications({
    async handleEvent(_relayUrl: string, _subscription: string, event: RustEvent) {
      received.push(event.kind.asU16() === 4 ? openNip04(event) : await openNip17(event));
      return false;
    },
    handleMsg: async () => false,
  });
  await client.subscribe(new Filter().pubkey(publicKey).kinds([new Kind(4), new Kind(1059)]));

  function openNip04(event: RustEvent): Opened {
    const text = nip04Decrypt(secretKey, event.author, event.content);
    return { sealed: 'NIP-04', from: event.author.toHex(), text, outer: JSON.parse(event.asJson()) };
  }

  async function openNip17(event: RustEvent): Promise<Opened> {
    const outer = JSON.parse(event.asJson());
    const gift = await UnwrappedGift.fromGiftWrap(signer(), event);
    const rumor = JSON.parse(gift.rumor.asJson());
    return { sealed: 'NIP-17', from: gift.sender.toHex(), text: rumor.content, outer, rumor };
  }

  const publish = (builder: EventBuilder) => taken(client.sendEventBuilder(builder));

  const self: RustClient = {
    pubkey: publicKey.toHex() as Pubkey,
    received,
    waitFor: (predicate) => until(() => received.find(predicate)),
    announce(version, features) {
      const tags = [
        ['d', 'ocmesh-presence'],
        ['t', 'ocmesh'],
        ['app', 'ocmesh'],
        ['v', version],
        ...features.map((feature) => ['f', feature]),
      ];
      return publish(new EventBuilder(new Kind(31337), 'ocmesh-agent-online').tags(tags.map(Tag.parse)));
    },
    sendNip04(to, text) {
      const sealed = nip04Encrypt(secretKey, PublicKey.parse(to), text);
      return publish(new EventBuilder(new Kind(4), sealed).tags([Tag.publicKey(PublicKey.parse(to))]));
    },
    sendNip17: (to, text) => taken(client.sendPrivateMsgTo([relayUrl], PublicKey.parse(to), text)),
    async stop() {
      open.delete(self);
      await client.shutdown();
    },
  };
  open.add(self);
  return self;
}

async function taken(sending: Promise<SendEventOutput>): Promise<void> {
  const { success, failed } = await sending;
  if (success.length === 0) throw new Error(`refused: ${failed.map(({ error }) => error).join()}`);
}

type RustEvent = Parameters<typeof UnwrappedGift.fromGiftWrap>[1];
