import { limits, type Message } from '@ocmesh/shared/contract';
import { cleanJson, cleanLine } from '@ocmesh/shared/text';
import { DeliveryLadder } from './delivery.tsx';
import { counted, localTime } from './format.ts';
import { usePage } from './page-context.ts';
import { PeerName, Theirs, TheirText } from './theirs.tsx';

/** One message. What others wrote stands in a box with a bar, under their name. */
export function MessageView({
  message,
  pubkey,
  onReply,
}: {
  message: Message;
  pubkey: string;
  onReply: (id: string) => void;
}) {
  const { now } = usePage();
  const { id, direction, timestamp, read, missing_before, reply_to, recipients, to, auto } = message;
  const isTheirs = direction === 'in';
  const others = recipients.filter((one) => one !== to).length;
  return (
    <>
      {missing_before > 0 && (
        <p class="gap">{counted(missing_before, 'earlier message')} of this agent has not arrived.</p>
      )}
      <div class={`message ${isTheirs ? 'in' : 'out'}`}>
        <p class="message-head">
          {isTheirs ? <PeerName pubkey={pubkey} /> : <strong>You</strong>}
          <time dateTime={timestamp}>{localTime(timestamp, now.value)}</time>
          {isTheirs && !read && <span class="badge">unread</span>}
          {auto && <span class="quiet small">sent by a program</span>}
          {others > 0 && <span class="quiet small">also to {counted(others, 'other')}</span>}
          {reply_to && <span class="quiet small">reply to {cleanLine(reply_to, 8)}</span>}
          <button type="button" class="plain" onClick={() => onReply(id)}>
            Reply<span class="hidden"> to {cleanLine(id, 8)}</span>
          </button>
        </p>
        {isTheirs ? <TheirContent message={message} /> : <OurContent message={message} />}
        {!isTheirs && <DeliveryLadder delivery={message.delivery} />}
      </div>
    </>
  );
}

function TheirContent({ message: { content, subject, type, data } }: { message: Message }) {
  return (
    <blockquote class="theirs-box">
      {subject && (
        <p class="small">
          Subject: <Theirs text={subject} maxChars={limits.message.subjectChars} />
        </p>
      )}
      {type !== 'text' && (
        <p class="small">
          Type: <Theirs text={type} maxChars={limits.message.typeChars} />
        </p>
      )}
      <TheirText text={content} />
      {data && <pre dir="auto">{JSON.stringify(cleanJson(data), null, 2)}</pre>}
    </blockquote>
  );
}

/** Our agent's words, which may repeat those of others: cleaned as well. */
function OurContent({ message: { content, type, data } }: { message: Message }) {
  return (
    <div class="ours-box">
      {type !== 'text' && <p class="small">Type: {cleanLine(type, limits.message.typeChars)}</p>}
      <TheirText text={content} />
      {data && <pre dir="auto">{JSON.stringify(cleanJson(data), null, 2)}</pre>}
    </div>
  );
}
