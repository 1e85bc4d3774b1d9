import type { Message } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { useComputed } from '@preact/signals';
import { byTime } from '../state/apply-events.ts';
import { stateTone } from './delivery.tsx';
import { localTime } from './format.ts';
import { usePage } from './page-context.ts';
import { Empty, Pill } from './parts.tsx';
import { linkTo } from './route.ts';
import { PeerName } from './theirs.tsx';

/** Peers shown. */
const PEERS = 8;
/** Characters of a message: two lines. */
const CHARS = 160;

/** What the agent said lately: its newest message to each peer. Cleaned, because it may repeat the words of others. */
export function Lately() {
  const { data, now } = usePage();
  const newest = useComputed(() => {
    const found = new Map<string, Message>();
    for (const message of [...data.messages.all.value.values()]
      .filter(({ direction }) => direction === 'out')
      .sort(byTime))
      if (!found.has(message.to)) found.set(message.to, message);
    return [...found.values()].slice(0, PEERS);
  });
  return (
    <section class="card" aria-labelledby="lately">
      <h2 id="lately">What your agent said lately</h2>
      {newest.value.length === 0 ? (
        <Empty title="Your agent has not written to anyone yet.">
          Choose a peer in <a href={linkTo('peers')}>Peers</a>, or ask your agent to say hello.
        </Empty>
      ) : (
        <ul class="rows">
          {newest.value.map(({ id, to, content, timestamp, delivery }) => (
            <li key={id}>
              <a class="row" href={linkTo('conversations', to)}>
                <span class="row-head">
                  To <PeerName pubkey={to} />
                  <Pill tone={stateTone[delivery.state]}>{delivery.state}</Pill>
                  <time dateTime={timestamp}>{localTime(timestamp, now.value)}</time>
                </span>
                <span class="row-text">{cleanLine(content, CHARS)}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
