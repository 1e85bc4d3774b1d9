import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { Chance } from '../chance.ts';
import type { SimulatedSocket } from '../network/socket.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';

type Send = (text: string) => void;

/** Changes the frames that a relay sends on this connection. */
export function misbehaveWithFrames(
  socket: SimulatedSocket,
  behaviours: readonly Behaviour[],
  { chance, virtual }: { readonly chance: Chance; readonly virtual: VirtualClock },
): void {
  const kinds: readonly Behaviour['kind'][] = [
    'delays',
    'duplicates',
    'forges',
    'loses OKs',
    'ends no query',
  ];
  if (!behaviours.some(({ kind }) => kinds.includes(kind))) return;
  const delays = behaviourOf(behaviours, 'delays');
  const plain = socket.send.bind(socket);
  const send: Send = (text) => {
    if (!delays || !chance.happens(delays.rate)) return plain(text);
    virtual.at(virtual.now() + chance.between(0, delays.ms), () => plain(text));
  };
  socket.send = (text, done) => {
    for (const each of framesFor(text, behaviours, chance)) send(each);
    done?.();
  };
}

/** Returns what is sent in place of a frame. */
function framesFor(text: string, behaviours: readonly Behaviour[], chance: Chance): readonly string[] {
  const [type] = JSON.parse(text) as unknown[];
  const happens = (kind: 'duplicates' | 'forges' | 'loses OKs' | 'ends no query'): boolean =>
    chance.happens(behaviourOf(behaviours, kind)?.rate ?? 0);
  if (type === 'OK' && happens('loses OKs')) return [];
  if (type === 'EOSE' && happens('ends no query')) return [];
  if (type !== 'EVENT') return [text];
  const frames = happens('duplicates') ? [text, text] : [text];
  return happens('forges') ? [forged(text), ...frames] : frames;
}

/** The name in presences that a relay forged. */
export const FORGED_NAME = 'forged';

/** Returns the frame with an event whose content was changed; a presence gets another name, and is newer than the real one. */
function forged(text: string): string {
  const [type, id, event] = JSON.parse(text) as [string, string, NostrEvent];
  const change =
    event.kind === kinds.presence
      ? {
          created_at: event.created_at + 1,
          tags: event.tags.map(([name, ...values]) =>
            name === 'name' ? [name, FORGED_NAME] : [name, ...values],
          ),
        }
      : { content: `${event.content}x` };
  return JSON.stringify([type, id, Object.assign({}, event, change)]);
}
