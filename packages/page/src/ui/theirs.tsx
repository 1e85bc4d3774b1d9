import { limits, type Peer } from '@ocmesh/shared/contract';
import { cleanLine, cleanText } from '@ocmesh/shared/text';
import { shortKey, shownName } from './labels.ts';
import { usePage } from './page-context.ts';

// Everything that others wrote goes through here: cleaned, as text, in quotes or in a box of its own, never as a link.

/** Words of others on one line, in quotes. */
export function Theirs({ text, maxChars = limits.relay.reasonChars }: { text: string; maxChars?: number }) {
  return (
    <bdi class="theirs" title="In their words">
      “{cleanLine(text, maxChars)}”
    </bdi>
  );
}

/** Text of others as they wrote it, with its lines. */
export function TheirText({ text }: { text: string }) {
  return (
    <p class="their-text" dir="auto">
      {cleanText(text)}
    </p>
  );
}

/** A peer: the alias that the owner gave it, else the name that it gave itself, in quotes, else its key. */
export function PeerName({ pubkey, withKey = false }: { pubkey: string; withKey?: boolean }) {
  const peer = usePage().data.peers.all.value.get(pubkey);
  return (
    <span class="peer-name">
      <NameOf pubkey={pubkey} peer={peer} />
      {withKey && <span class="key">{shortKey(pubkey)}</span>}
    </span>
  );
}

function NameOf({ pubkey, peer }: { pubkey: string; peer: Pick<Peer, 'alias' | 'name'> | undefined }) {
  const alias = shownName(peer?.alias);
  if (alias !== '') return <bdi class="alias">{alias}</bdi>;
  const name = shownName(peer?.name);
  return name === '' ? <span class="key">{shortKey(pubkey)}</span> : <Theirs text={name} />;
}
