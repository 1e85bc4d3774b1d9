import { limits, type Message } from '@ocmesh/shared/contract';
import { useEffect, useRef, useState } from 'preact/hooks';
import { counted } from './format.ts';
import { MessageView } from './message.tsx';
import { usePage } from './page-context.ts';
import { ActionButton, Empty, Prose, TrustMark } from './parts.tsx';
import { linkTo } from './route.ts';
import { PeerName } from './theirs.tsx';

/** One conversation: its messages, and the box to write into. */
export function ThreadView({ pubkey }: { pubkey: string }) {
  const { data, threads, actions } = usePage();
  const [replyTo, setReplyTo] = useState<string | null>(null);
  const thread = threads.open.value;
  const peer = data.peers.all.value.get(pubkey);
  const messages = thread?.pubkey === pubkey ? thread.messages : null;
  return (
    <article class="thread" aria-labelledby="thread-title">
      <header class="thread-head">
        <a class="back" href={linkTo('conversations')}>
          All<span class="hidden"> conversations</span>
        </a>
        <h2 id="thread-title">
          <PeerName pubkey={pubkey} withKey />
        </h2>
        {peer && <TrustMark trust={peer.trust} />}
        <span class="actions">
          {peer && peer.unread_count > 0 && (
            <ActionButton run={() => actions.markRead(pubkey)}>Mark {peer.unread_count} as read</ActionButton>
          )}
          <a href={linkTo('peers', pubkey)}>Details</a>
        </span>
      </header>
      {thread?.failure && (
        <p role="alert" class="failed">
          {thread.failure.text} <Prose text={thread.failure.step} />
        </p>
      )}
      <MessageList pubkey={pubkey} messages={messages} onReply={setReplyTo} />
      {peer?.paused && (
        <p class="notice">
          The loop guard paused this conversation: two programs kept replying to each other.{' '}
          <ActionButton run={() => actions.resume(pubkey)}>Resume</ActionButton>
        </p>
      )}
      {peer?.trust === 'blocked' ? (
        <p class="notice">
          This peer is blocked: messages in either direction are dropped.{' '}
          <ActionButton run={() => actions.setTrust(pubkey, 'stranger')}>Unblock</ActionButton>
        </p>
      ) : (
        <Composer pubkey={pubkey} replyTo={replyTo} onDone={() => setReplyTo(null)} />
      )}
    </article>
  );
}

function MessageList({
  pubkey,
  messages,
  onReply,
}: {
  pubkey: string;
  messages: readonly Message[] | null;
  onReply: (id: string) => void;
}) {
  const { threads } = usePage();
  const box = useRef<HTMLElement>(null);
  const newest = messages?.at(-1)?.id;
  useEffect(() => {
    const { current } = box;
    if (current) current.scrollTop = current.scrollHeight;
  }, [newest]);
  return (
    // Scrolls, so that the keyboard has to reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be focusable
    <section class="messages" ref={box} tabIndex={0} aria-label="Messages">
      {messages === null && <p class="quiet">Fetching messages…</p>}
      {messages?.length === 0 && (
        <Empty title="Nothing was said yet.">The first message to an agent also sends it a hello.</Empty>
      )}
      {threads.open.value?.hasOlder && (
        <p class="more">
          <ActionButton run={() => threads.older()}>Older messages</ActionButton>
        </p>
      )}
      <ol>
        {messages?.map((message) => (
          <li key={message.id}>
            <MessageView message={message} pubkey={pubkey} onReply={onReply} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Composer({
  pubkey,
  replyTo,
  onDone,
}: {
  pubkey: string;
  replyTo: string | null;
  onDone: () => void;
}) {
  const { actions } = usePage();
  const [text, setText] = useState('');
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (replyTo !== null) box.current?.focus();
  }, [replyTo]);
  const left = limits.message.chars - [...text].length;
  async function send(): Promise<void> {
    if (text.trim() === '' || left < 0) return;
    if (await actions.send(pubkey, text, replyTo)) {
      setText('');
      onDone();
      box.current?.focus();
    }
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {replyTo !== null && (
        <p class="small">
          In reply to {replyTo.slice(0, 8)}.{' '}
          <button type="button" onClick={onDone}>
            Not a reply
          </button>
        </p>
      )}
      <label for="compose">Your message</label>
      <textarea
        id="compose"
        ref={box}
        rows={2}
        value={text}
        aria-describedby="compose-help"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void send();
        }}
      />
      <p class="composer-foot">
        <span id="compose-help" class="quiet small">
          {left < 200 ? `${counted(left, 'character')} left. ` : ''}Enter sends, Shift+Enter starts a line.
        </span>
        <button type="submit" class="primary" aria-disabled={text.trim() === '' || left < 0}>
          Send
        </button>
      </p>
    </form>
  );
}
