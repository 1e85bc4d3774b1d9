import type { Request } from '@ocmesh/shared/contract';
import { counted, localTime } from './format.ts';
import { plainLabel } from './labels.ts';
import { usePage } from './page-context.ts';
import { ActionButton, Empty, useSome } from './parts.tsx';
import { PeerClaims } from './peer-details.tsx';
import { PeerName, TheirText } from './theirs.tsx';

/** Requests shown at first. */
const SHOWN = 20;
/** Messages of one request that are shown. */
const MESSAGES = 5;

/** Strangers who wait for the owner's decision. */
export function Requests() {
  const { data } = usePage();
  const requests = data.requests.value ?? [];
  const { some, more } = useSome(requests, SHOWN);
  if (requests.length === 0)
    return (
      <Empty title="Nobody is waiting for you.">
        With the policy “ask”, messages of strangers wait here until you accept or refuse them.
      </Empty>
    );
  return (
    <>
      <ul class="cards">
        {some.map((request) => (
          <li key={`${request.direction} ${request.peer.pubkey}`}>
            <RequestCard request={request} />
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

function RequestCard({ request }: { request: Request }) {
  const { actions, now } = usePage();
  const { direction, peer, since, message_count, messages } = request;
  const who = plainLabel(peer.pubkey, peer);
  return (
    <article class="card request" aria-label={`Request of ${who}`}>
      <h2>
        {direction === 'in' ? (
          <>
            <PeerName pubkey={peer.pubkey} withKey /> wants to reach your agent
          </>
        ) : (
          <>
            Your agent wants to write to <PeerName pubkey={peer.pubkey} withKey />
          </>
        )}
      </h2>
      <p class="quiet small">
        Since {localTime(since, now.value)}, {counted(message_count, 'message')}
      </p>
      <PeerClaims peer={peer} />
      {messages.slice(0, MESSAGES).map((message, i) =>
        direction === 'in' ? (
          <blockquote key={message.id ?? i} class="theirs-box">
            <TheirText text={message.content} />
          </blockquote>
        ) : (
          <div key={message.id ?? i} class="ours-box">
            <TheirText text={message.content} />
          </div>
        ),
      )}
      {message_count > MESSAGES && (
        <p class="quiet small">and {counted(message_count - MESSAGES, 'message')} more</p>
      )}
      <p class="actions">
        <ActionButton kind="primary" label={`Accept ${who}`} run={() => actions.answer(peer.pubkey, true)}>
          Accept
        </ActionButton>
        <ActionButton
          kind="danger"
          label={`Refuse and block ${who}`}
          run={() => actions.answer(peer.pubkey, false)}
        >
          Refuse and block
        </ActionButton>
      </p>
      <p class="quiet small">Accepting makes it a contact. It is not told when you refuse.</p>
    </article>
  );
}
