import type { RequestListener } from 'node:http';
import { type Filter, parseEvent } from '@ocmesh/shared/wire';
import type { Client, Frame, Overrides } from './behaviour.ts';
import { matchesAny, type StoredEvents } from './stored-events.ts';

/** The correct behaviour (NIP-01, NIP-11) that hostile relays fall back on. */
export function createHonestRelay(deps: {
  readonly name: string;
  readonly events: StoredEvents;
  readonly clients: ReadonlySet<Client>;
  /** Returns what the behaviour changes about storing, forwarding and finding. */
  overrides(): Pick<Overrides, 'keeps' | 'forwards' | 'find'>;
}) {
  const { events, clients, overrides } = deps;

  function onEvent(value: unknown, client: Client): void {
    const event = parseEvent(value);
    if (!event) return client.respond('OK', '', false, 'invalid: no event');
    const { keeps = () => true, forwards = () => true } = overrides();
    const isNew = keeps(event) ? events.put(event) : true;
    client.respond('OK', event.id, true, isNew ? '' : 'duplicate: have it, or a newer one');
    if (!isNew || !forwards(event)) return;
    for (const other of clients) {
      for (const [id, filters] of other.subscriptions) {
        if (matchesAny(filters, event)) other.respond('EVENT', id, event);
      }
    }
  }

  function onReq(id: string, filters: readonly Filter[], client: Client): void {
    const { find = events.find } = overrides();
    for (const event of find(filters)) client.respond('EVENT', id, event);
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
