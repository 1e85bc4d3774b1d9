import type { Message } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { useComputed } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { byTime } from '../state/apply-events.ts';
import { peerOf } from '../state/mesh-data.ts';
import { counted, localTime } from './format.ts';
import { usePage } from './page-context.ts';
import { Empty, TrustMark, useSome } from './parts.tsx';
import { linkTo } from './route.ts';
import { PeerName } from './theirs.tsx';
import { ThreadView } from './thread.tsx';

/** Conversations shown at first. */
const SHOWN = 40;
/** Characters of a message in the list. */
const CHARS = 90;

/** All conversations, the newest first, next to the open one. */
export function Conversations() {
  const { route, threads } = usePage();
  const { pubkey } = route.value;
  useEffect(() => {
    threads.show(pubkey);
    return () => threads.show(null);
  }, [pubkey]);
  return (
    <div class={`split ${pubkey === null ? '' : 'has-open'}`}>
      <div class="split-list">
        <Search />
        <ConversationList />
      </div>
      <div class="split-open">
        {pubkey === null ? (
          <Empty title="No conversation is open.">Choose one, or a peer in Peers.</Empty>
        ) : (
          <ThreadView key={pubkey} pubkey={pubkey} />
        )}
      </div>
    </div>
  );
}

function ConversationList() {
  const { data, route, now } = usePage();
  const newest = useComputed(() => {
    const found = new Map<string, Message>();
    for (const message of [...data.messages.all.value.values()].sort(byTime))
      if (!found.has(peerOf(message))) found.set(peerOf(message), message);
    return [...found.entries()];
  });
  const { some, more } = useSome(newest.value, SHOWN);
  if (newest.value.length === 0)
    return (
      <Empty title="No messages yet.">
        Choose a peer in <a href={linkTo('peers')}>Peers</a> and say hello.
      </Empty>
    );
  return (
    <nav aria-label="Conversations">
      <ul class="rows">
        {some.map(([pubkey, message]) => {
          const peer = data.peers.all.value.get(pubkey);
          return (
            <li key={pubkey}>
              <a
                class="row"
                href={linkTo('conversations', pubkey)}
                aria-current={route.value.pubkey === pubkey ? 'page' : undefined}
              >
                <span class="row-head">
                  <PeerName pubkey={pubkey} />
                  {peer && <TrustMark trust={peer.trust} />}
                  {peer && peer.unread_count > 0 && (
                    <span class="badge" title={counted(peer.unread_count, 'unread message')}>
                      {peer.unread_count}
                      <span class="hidden"> unread</span>
                    </span>
                  )}
                  <time dateTime={message.timestamp}>{localTime(message.timestamp, now.value)}</time>
                </span>
                <Excerpt message={message} />
              </a>
            </li>
          );
        })}
      </ul>
      {more}
    </nav>
  );
}

/** The start of a message on one line, that of others marked as theirs. */
function Excerpt({ message: { content, direction, type } }: { message: Message }) {
  const text = cleanLine(content, CHARS) || `[${cleanLine(type, CHARS)}]`;
  return (
    <span class="row-text">{direction === 'in' ? <bdi class="theirs">“{text}”</bdi> : <>You: {text}</>}</span>
  );
}

function Search() {
  const { actions, now } = usePage();
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly Message[] | null>(null);
  async function search(event: Event): Promise<void> {
    event.preventDefault();
    setFound(text.trim() === '' ? null : await actions.search(text.trim(), null));
  }
  return (
    <search>
      <form class="inline" onSubmit={(event) => void search(event)}>
        <label class="hidden" for="search">
          Search messages
        </label>
        <input
          id="search"
          type="search"
          placeholder="Search messages"
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            if (currentTarget.value === '') setFound(null);
          }}
        />
        <button type="submit">Search</button>
      </form>
      <div aria-live="polite">
        {found && (
          <section class="found" aria-label="Search results">
            <p class="quiet small">
              {found.length === 0 ? 'No message has this text.' : counted(found.length, 'message')}
            </p>
            <ul class="rows">
              {found.map((message) => (
                <li key={message.id}>
                  <a class="row" href={linkTo('conversations', peerOf(message))}>
                    <span class="row-head">
                      <PeerName pubkey={peerOf(message)} />
                      <time dateTime={message.timestamp}>{localTime(message.timestamp, now.value)}</time>
                    </span>
                    <Excerpt message={message} />
                  </a>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </search>
  );
}
