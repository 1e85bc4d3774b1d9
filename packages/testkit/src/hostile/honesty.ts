import type { RequestListener } from 'node:http';
import { type Filter, parseEvent } from '@ocmesh/shared/wire';
import type { Client, Frame } from './conduct.ts';
import { type EventBook, wants } from './event-book.ts';

/** What a relay without malice does (NIP-01, NIP-11), as far as hostile ones need it to fall back on. */
export function createHonesty(deps: {
  readonly name: string;
  readonly book: EventBook;
  readonly clients: ReadonlySet<Client>;
}) {
  const { book, clients } = deps;

  function onEvent(value: unknown, client: Client): void {
    const event = parseEvent(value);
    if (!event) return client.say('OK', '', false, 'invalid: no event');
    const isNew = book.put(event);
    client.say('OK', event.id, true, isNew ? '' : 'duplicate: have it, or a newer one');
    if (!isNew) return;
    for (const other of clients) {
      for (const [id, filters] of other.subscriptions) {
        if (wants(filters, event)) other.say('EVENT', id, event);
      }
    }
  }

  function onReq(id: string, filters: readonly Filter[], client: Client): void {
    for (const event of book.find(filters)) client.say('EVENT', id, event);
    client.say('EOSE', id);
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
