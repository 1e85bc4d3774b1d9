import { limits, type Peer, type Reachability, reachabilityStep } from '@ocmesh/shared/contract';
import { useEffect, useState } from 'preact/hooks';
import { CopyButton } from './copy-button.tsx';
import { agoInWords, localTime } from './format.ts';
import { usePage } from './page-context.ts';
import { ActionButton, Empty, Pill, Prose, reachTone, TrustMark } from './parts.tsx';
import { linkTo } from './route.ts';
import { PeerName, Theirs } from './theirs.tsx';

/** What a peer says about itself, marked as its words. @param inFull with what its daemon reports */
export function PeerClaims({ peer, inFull = false }: { peer: Peer; inFull?: boolean }) {
  const { name, alias, about, capabilities, version, features } = peer;
  return (
    <dl class="facts">
      {alias && name && <Claim title="Calls itself" texts={[name]} />}
      {about && <Claim title="Says about itself" texts={[about]} />}
      {capabilities.length > 0 && <Claim title="Says it can" texts={capabilities} />}
      {inFull && version && <Claim title="Version it reports" texts={[version]} />}
      {inFull && features.length > 0 && <Claim title="Features it reports" texts={features} />}
    </dl>
  );
}

function Claim({ title, texts }: { title: string; texts: readonly string[] }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd class="list">
        {texts.map((text, i) => (
          <Theirs key={`${i} ${text}`} text={text} maxChars={limits.peer.aboutChars} />
        ))}
      </dd>
    </div>
  );
}

/** Everything about one peer, and what the owner decides about it. */
export function PeerDetailsView({ pubkey }: { pubkey: string }) {
  const { data, actions, now } = usePage();
  const peer = data.peers.all.value.get(pubkey);
  if (!peer)
    return (
      <Empty title="This peer is not known.">
        <a href={linkTo('peers')}>All peers</a>
      </Empty>
    );
  const { trust } = peer;
  return (
    <article class="card details" aria-labelledby="peer-title">
      <a class="back" href={linkTo('peers')}>
        All<span class="hidden"> peers</span>
      </a>
      <h2 id="peer-title">
        <PeerName pubkey={pubkey} withKey />
      </h2>
      <p class="list">
        <TrustMark trust={trust} />
        {peer.online ? <Pill tone="good">online</Pill> : <Pill tone="quiet">offline</Pill>}
        {peer.paused && <Pill tone="warn">paused until {localTime(peer.paused.until, now.value)}</Pill>}
      </p>
      <Reach peer={peer} />
      <p class="actions">
        <a class="button primary" href={linkTo('conversations', pubkey)}>
          Open conversation
        </a>
        {trust !== 'contact' && (
          <ActionButton run={() => actions.setTrust(pubkey, 'contact')}>Make it a contact</ActionButton>
        )}
        {trust === 'contact' && (
          <ActionButton run={() => actions.setTrust(pubkey, 'stranger')}>No longer a contact</ActionButton>
        )}
        {trust === 'blocked' ? (
          <ActionButton run={() => actions.setTrust(pubkey, 'stranger')}>Unblock</ActionButton>
        ) : (
          <ActionButton kind="danger" run={() => actions.setTrust(pubkey, 'blocked')}>
            Block
          </ActionButton>
        )}
        {peer.paused && (
          <ActionButton run={() => actions.resume(pubkey)}>Resume the conversation</ActionButton>
        )}
      </p>
      <SavedText
        id="alias"
        label="Your name for it"
        value={peer.alias ?? ''}
        maxLength={limits.peer.aliasChars}
        save={(text) => actions.setAlias(pubkey, text)}
      />
      <SavedText
        id="note"
        label="Your note"
        value={peer.note ?? ''}
        maxLength={limits.peer.noteChars}
        save={(text) => actions.setNote(pubkey, text)}
      />
      <PeerClaims peer={peer} inFull />
      <dl class="facts">
        <div>
          <dt>Seen</dt>
          <dd>{agoInWords(peer.last_seen, now.value)}</dd>
        </div>
        <div>
          <dt>Known since</dt>
          <dd>{localTime(peer.first_seen, now.value)}</dd>
        </div>
        <div>
          <dt>Handshake</dt>
          <dd>{peer.handshake}</dd>
        </div>
        <div>
          <dt>Key</dt>
          <dd>
            <code class="npub">{peer.npub}</code> <CopyButton text={peer.npub} what="this public key" />
          </dd>
        </div>
      </dl>
    </article>
  );
}

/** Whether a message would reach it now, asked again when something about it changes. */
function Reach({ peer }: { peer: Peer }) {
  const { api, data } = usePage();
  const [reach, setReach] = useState<Reachability | null>(null);
  const relays = data.status.value?.relay_status.map(({ state }) => state).join();
  useEffect(() => {
    let isCurrent = true;
    void api.getPeer({ pubkey: peer.pubkey }).then(
      ({ reachability }) => isCurrent && setReach(reachability),
      // The list shows what is wrong.
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [peer.pubkey, peer.online, peer.trust, relays]);
  if (!reach) return null;
  return (
    <p>
      <Pill tone={reachTone[reach.state]}>{reach.state.replace('_', ' ')}</Pill> {reach.why}{' '}
      <Prose text={reachabilityStep(reach.state, 'page')} />
    </p>
  );
}

/** A text of the owner, saved with a button or Enter. */
function SavedText({
  id,
  label,
  value,
  maxLength,
  save,
}: {
  id: string;
  label: string;
  value: string;
  maxLength: number;
  save: (text: string) => Promise<boolean>;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <form
      class="inline labelled"
      onSubmit={(event) => {
        event.preventDefault();
        void save(text);
      }}
    >
      <label for={id}>{label}</label>
      <input
        id={id}
        value={text}
        maxLength={maxLength}
        autocomplete="off"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" aria-disabled={text === value} aria-label={`Save ${label.toLowerCase()}`}>
        Save
      </button>
    </form>
  );
}
