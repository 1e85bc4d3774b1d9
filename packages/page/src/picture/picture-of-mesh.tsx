import { effect, useComputed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { counted } from '../ui/format.ts';
import { usePage } from '../ui/page-context.ts';
import { linkTo } from '../ui/route.ts';
import { PeerName } from '../ui/theirs.tsx';
import { createMeshCanvas, type MeshCanvas } from './canvas.ts';
import { type Point, peerAt } from './layout.ts';
import { createPicture, type Picture } from './model.ts';
import { PictureTable } from './picture-table.tsx';

/** The picture in a sentence. */
function summaryOf({ relays, peers, groups, isGrouped }: Picture): string {
  const connected = relays.filter(({ state }) => state === 'connected').length;
  const online = peers.filter(({ peer }) => peer.online).length;
  return (
    `Your agent, ${counted(relays.length, 'relay')} (${connected} connected), ${counted(peers.length, 'peer')} (${online} online)` +
    `${isGrouped ? `, in ${counted(groups.size, 'group')}` : ''}.`
  );
}

/** The mesh as seen from here: drawn, and as a table. */
export function PictureOfMesh() {
  const { data, onActivity } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<MeshCanvas | null>(null);
  const [isTable, setTable] = useState(false);
  const [hovered, setHovered] = useState<(Point & { pubkey: string }) | null>(null);
  const picture = useComputed(() =>
    createPicture(
      data.status.value?.relay_status ?? [],
      data.peers.all.value.values(),
      data.messages.all.value.values(),
    ),
  );
  useEffect(() => {
    if (!canvas.current) return;
    const mesh = createMeshCanvas(canvas.current);
    drawn.current = mesh;
    const stopShowing = effect(() => mesh.show(picture.value));
    const leave = onActivity(mesh.onActivity);
    return () => {
      stopShowing();
      leave();
      mesh.close();
    };
  }, []);

  function find({ offsetX: x, offsetY: y }: MouseEvent): void {
    const layout = drawn.current?.layout();
    const pubkey = layout ? peerAt(layout, { x, y }) : null;
    setHovered(pubkey === null ? null : { pubkey, x, y });
  }

  const summary = summaryOf(picture.value);
  return (
    <section class="card picture" aria-labelledby="picture">
      <div class="card-head">
        <h2 id="picture">The mesh from here</h2>
        <button type="button" aria-expanded={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? 'Hide the table' : 'Show as a table'}
        </button>
      </div>
      <div class="canvas-box">
        <canvas
          ref={canvas}
          role="img"
          aria-label={summary}
          onPointerMove={find}
          onPointerLeave={() => setHovered(null)}
          onClick={() => {
            if (hovered) location.hash = linkTo('peers', hovered.pubkey);
          }}
        />
        {hovered && (
          <p class="tip" style={{ left: `${hovered.x}px`, top: `${hovered.y}px` }}>
            <PeerName pubkey={hovered.pubkey} withKey />
          </p>
        )}
      </div>
      <p class="quiet small legend">
        <span class="mark square" /> relay <span class="mark full" /> online <span class="mark ring" />{' '}
        offline <span class="mark blocked" /> blocked. A line from a peer to a relay: messages went that way.
      </p>
      {isTable && <PictureTable picture={picture.value} summary={summary} />}
    </section>
  );
}
