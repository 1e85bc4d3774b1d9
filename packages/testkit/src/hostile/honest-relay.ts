import type { RequestListener } from 'node:http';
import { type Filter, parseEvent } from '@ocmesh/shared/wire';
import type { Client, Frame } from './behaviour.ts';
import { matchesAny, type StoredEvents } from './stored-events.ts';

/** The correct behaviour (NIP-01, NIP-11) that hostile relays fall back on. */
export function createHonestRelay(deps: {
  readonly name: string;
  readonly events: StoredEvents;
  readonly clients: ReadonlySet<Client>;
}) {
  const { events, clients } = deps;

  function onEvent(value: unknown, client: Client): void {
    const event = parseEvent(value);
    if (!event) return client.respond('OK', '', false, 'invalid: no event');
    const isNew = events.put(event);
    client.respond('OK', event.id, true, isNew ? '' : 'duplicate: have it, or a newer one');
    if (!isNew) return;
    for (const other of clients) {
      for (const [id, filters] of other.subscriptions) {
        if (matchesAny(filters, event)) other.respond('EVENT', id, event);
      }
    }
  }

  function onReq(id: string, filters: readonly Filter[], client: Client): void {
    for (const event of events.find(filters)) client.respond('EVENT', id, event);
    client.respond('EOSE', id);
    client.subscriptions.set(id, filters);
  }

  const onRequest: RequestListener = (_, response) =>
    response.end(JSON.stringify({ name: deps.name, supported_nips: [1, 11, 40] }));

  return {
    onRequest,
    onFrame([type, first, ...rest]: Frame, client: Client): void {
      if (type === 'EVENT') onEvent(first, client);
      if (type === 'REQ') onReq(String(first), rest as Filter[], client);
      if (type === 'CLOSE') client.subscriptions.delete(String(first));
    },
  };
}
