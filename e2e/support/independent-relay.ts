import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ClientContext,
  createOutgoingEventMessage,
  createOutgoingNoticeMessage,
  type Event,
  EventRepository,
  type EventRepositoryUpsertResult,
  type Filter,
  LogLevel,
} from '@nostr-relay/common';
import { NostrRelay } from '@nostr-relay/core';
import { Validator } from '@nostr-relay/validator';
import { matchFilter, matchFilters, type Filter as ToolsFilter } from 'nostr-tools/filter';
import { isAddressableKind, isReplaceableKind } from 'nostr-tools/kinds';
import { WebSocketServer } from 'ws';

export interface IndependentRelay {
  readonly url: string;
  /** All stored events. */
  readonly stored: readonly Event[];
  close(): Promise<void>;
}

const tagOf = (event: Event, name: string): string | undefined =>
  event.tags.find((tag) => tag[0] === name)?.[1];

/** NIP-40: the relay checks expiration only when an event is published. */
const isExpired = (event: Event): boolean => Number(tagOf(event, 'expiration')) <= Date.now() / 1000;

const newestFirst = (a: Event, b: Event): number => b.created_at - a.created_at || (a.id < b.id ? -1 : 1);

/** Returns what an event replaces (NIP-01), or its id. */
function addressOf(event: Event): string {
  const author = `${event.kind}:${event.pubkey}`;
  if (isReplaceableKind(event.kind)) return author;
  return isAddressableKind(event.kind) ? `${author}:${tagOf(event, 'd') ?? ''}` : event.id;
}

/** In-memory storage; the relay's own is native code. The library requires a class. */
class MemoryRepository extends EventRepository {
  readonly #byAddress = new Map<string, Event>();

  all(): Event[] {
    return [...this.#byAddress.values()];
  }

  override isSearchSupported(): boolean {
    return false;
  }

  override upsert(event: Event): EventRepositoryUpsertResult {
    const address = addressOf(event);
    const kept = this.#byAddress.get(address);
    if (kept && newestFirst(kept, event) <= 0) return { isDuplicate: true };
    this.#byAddress.set(address, event);
    return { isDuplicate: false };
  }

  override find(filter: Filter): Event[] {
    return this.all()
      .filter((event) => matchFilter(filter as ToolsFilter, event) && !isExpired(event))
      .sort(newestFirst)
      .slice(0, filter.limit ?? 500);
  }

  override async destroy(): Promise<void> {
    this.#byAddress.clear();
  }
}

/** Starts `@nostr-relay` on loopback, a relay that shares no code with ours. No NIP-11, no NIP-42. */
export async function startIndependentRelay(): Promise<IndependentRelay> {
  const repository = new MemoryRepository();
  const relay = new NostrRelay(repository, {
    // It caches results by unchecked ids, and query results for a second.
    eventHandlingResultCacheTtl: 0,
    filterResultCacheTtl: 0,
    logLevel: LogLevel.ERROR,
  });
  const clients = new Set<ClientContext>();
  relay.register({
    handleMessage(client, _message, next) {
      clients.add(client);
      return next();
    },
    // Replaces its broadcast, which ignores tag filters: everyone would get every message.
    async broadcast(event) {
      for (const client of clients) {
        if (!client.isOpen) clients.delete(client);
        client.subscriptions.forEach((filters, id) => {
          if (matchFilters(filters as ToolsFilter[], event))
            client.sendMessage(createOutgoingEventMessage(id, event));
        });
      }
    },
  });

  const validator = new Validator();
  const http = createServer((_request, response) => response.writeHead(426).end());
  const server = new WebSocketServer({ server: http });
  server.on('connection', (socket) => {
    relay.handleConnection(socket);
    socket.on('message', async (data) => {
      try {
        await relay.handleMessage(socket, await validator.validateIncomingMessage(data));
      } catch (error) {
        socket.send(JSON.stringify(createOutgoingNoticeMessage((error as Error).message)));
      }
    });
    socket.on('close', () => relay.handleDisconnect(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get stored() {
      return repository.all();
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => http.close(resolve));
      await relay.destroy();
    },
  };
}
