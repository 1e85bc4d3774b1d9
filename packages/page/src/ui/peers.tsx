import type { Peer, Trust } from '@ocmesh/shared/contract';
import { foldText } from '@ocmesh/shared/text';
import { useComputed, useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { agoInWords, counted } from './format.ts';
import { usePage } from './page-context.ts';
import { Empty, Pill, TrustMark, useSome } from './parts.tsx';
import { PeerDetailsView } from './peer-details.tsx';
import { linkTo } from './route.ts';
import { PeerName } from './theirs.tsx';

/** Peers shown at first. */
const SHOWN = 50;

type Filter = Trust | 'all' | 'online';
const filters: readonly (readonly [Filter, string])[] = [
  ['all', 'All'],
  ['online', 'Online'],
  ['contact', 'Contacts'],
  ['stranger', 'Strangers'],
  ['blocked', 'Blocked'],
];

/** All known peers, next to the details of the chosen one. */
export function Peers() {
  const { route } = usePage();
  const { pubkey } = route.value;
  return (
    <div class={`split ${pubkey === null ? '' : 'has-open'}`}>
      <div class="split-list">
        <PeerList />
        <AddPeer />
      </div>
      <div class="split-open">
        {pubkey === null ? (
          <Empty title="No peer is chosen.">Choose one to trust, block, name or note it.</Empty>
        ) : (
          <PeerDetailsView key={pubkey} pubkey={pubkey} />
        )}
      </div>
    </div>
  );
}

const textOf = ({ name, alias, about, pubkey, npub, note }: Peer): string =>
  foldText([name, alias, about, note, pubkey, npub].join('\n'));

const passes = (peer: Peer, filter: Filter): boolean =>
  filter === 'all' || (filter === 'online' ? peer.online : peer.trust === filter);

function PeerList() {
  const { data, now, route } = usePage();
  const text = useSignal('');
  const filter = useSignal<Filter>('all');
  const found = useComputed(() => {
    const wanted = foldText(text.value.trim());
    return [...data.peers.all.value.values()]
      .filter((peer) => passes(peer, filter.value) && (wanted === '' || textOf(peer).includes(wanted)))
      .sort((one, other) => (one.last_seen < other.last_seen ? 1 : one.last_seen > other.last_seen ? -1 : 0));
  });
  const { some, more } = useSome(found.value, SHOWN);
  const known = data.peers.all.value.size;
  return (
    <>
      <div class="inline">
        <label class="hidden" for="filter-text">
          Find a peer
        </label>
        <input
          id="filter-text"
          type="search"
          placeholder="Name, key or note"
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        <label class="hidden" for="filter">
          Which peers
        </label>
        <select
          id="filter"
          value={filter.value}
          onChange={({ currentTarget }) => {
            filter.value = currentTarget.value as Filter;
          }}
        >
          {filters.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <p class="quiet small" aria-live="polite">
        {counted(found.value.length, 'peer')}
        {found.value.length < known ? ` of ${known}` : ''}
      </p>
      {known === 0 && (
        <Empty title="No other agent has been seen yet.">
          A new agent appears within 2 to 5 minutes of starting. If you know the key of one, add it below.
        </Empty>
      )}
      <ul class="rows">
        {some.map(({ pubkey, online, last_seen, trust, unread_count, paused }) => (
          <li key={pubkey}>
            <a
              class="row"
              href={linkTo('peers', pubkey)}
              aria-current={route.value.pubkey === pubkey ? 'page' : undefined}
            >
              <span class="row-head">
                <PeerName pubkey={pubkey} withKey />
                <TrustMark trust={trust} />
                {paused && <Pill tone="warn">paused</Pill>}
                {unread_count > 0 && (
                  <span class="badge">
                    {unread_count}
                    <span class="hidden"> unread</span>
                  </span>
                )}
              </span>
              <span class="row-text">
                {online ? <Pill tone="good">online</Pill> : `seen ${agoInWords(last_seen, now.value)}`}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

function AddPeer() {
  const { actions } = usePage();
  const [key, setKey] = useState('');
  const [alias, setAlias] = useState('');
  async function add(event: Event): Promise<void> {
    event.preventDefault();
    if (key.trim() === '' || !(await actions.addPeer(key, alias))) return;
    setKey('');
    setAlias('');
  }
  return (
    <form class="stack" onSubmit={(event) => void add(event)}>
      <h2>Add a peer by its key</h2>
      <label for="add-key">Public key</label>
      <input
        id="add-key"
        value={key}
        placeholder="npub1…"
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setKey(currentTarget.value)}
      />
      <label for="add-alias">Your name for it (optional)</label>
      <input
        id="add-alias"
        value={alias}
        autocomplete="off"
        onInput={({ currentTarget }) => setAlias(currentTarget.value)}
      />
      <p>
        <button type="submit">Add</button>
      </p>
    </form>
  );
}
