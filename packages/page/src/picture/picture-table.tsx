import { counted, localTime } from '../ui/format.ts';
import { shownRelay } from '../ui/labels.ts';
import { usePage } from '../ui/page-context.ts';
import { Pill, reachTone, TrustMark, useSome } from '../ui/parts.tsx';
import { linkTo } from '../ui/route.ts';
import { PeerName } from '../ui/theirs.tsx';
import type { Picture } from './model.ts';

/** Peers shown at first. */
const SHOWN = 50;
/** Messages under way that are listed. */
const UNDER_WAY = 20;

/** The same as the picture, as tables. */
export function PictureTable({ picture, summary }: { picture: Picture; summary: string }) {
  const { relays, groups, underWay } = picture;
  const { now } = usePage();
  const { some, more } = useSome([...groups.values()].flat(), SHOWN);
  return (
    <div class="tables">
      <p>{summary}</p>
      <table>
        <Head caption="Relays" columns={['Relay', 'State']} />
        <tbody>
          {relays.map(({ url, state, role }) => (
            <tr key={url}>
              <th scope="row" class="url">
                {shownRelay(url)}
              </th>
              <td>
                {state.replace('_', ' ')}
                {role === 'foreign' && ', of a peer'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <table>
        <Head caption="Groups" columns={['Group', 'Peers']} />
        <tbody>
          {[...groups].map(([name, members]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{members.length}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {underWay.length > 0 && (
        <table>
          <Head caption="Messages under way" columns={['To', 'State', 'Written']} />
          <tbody>
            {underWay.slice(0, UNDER_WAY).map(({ id, to, timestamp, delivery }) => (
              <tr key={id}>
                <th scope="row">
                  <PeerName pubkey={to} />
                </th>
                <td>{delivery.state}</td>
                <td>{localTime(timestamp, now.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table>
        <Head
          caption={counted(picture.peers.length, 'peer')}
          columns={['Peer', 'Trust', 'Reached', 'Through']}
        />
        <tbody>
          {some.map(({ pubkey, peer, reach, via }) => (
            <tr key={pubkey}>
              <th scope="row">
                <a href={linkTo('peers', pubkey)}>
                  <PeerName pubkey={pubkey} withKey />
                </a>
              </th>
              <td>
                <TrustMark trust={peer.trust} />
              </td>
              <td>
                <Pill tone={reachTone[reach]}>{reach.replace('_', ' ')}</Pill>
              </td>
              <td class="url">{via.map(shownRelay).join(', ') || 'not known yet'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}

/** The title of a table and of its columns. */
function Head({ caption, columns }: { caption: string; columns: readonly string[] }) {
  return (
    <>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
    </>
  );
}
