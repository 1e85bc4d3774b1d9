import { type Clock, toUnixSec } from '@ocmesh/shared/ambient';
import { kinds, parseEvent } from '@ocmesh/shared/wire';
import type { Identity } from '../core/identity/identity.ts';
import type { QueryResult } from '../core/ports/relay-network.ts';
import { type Check, type Finding, fail, ok, skipped } from './check.ts';
import type { Facts } from './facts.ts';
import { waitFor } from './patience.ts';
import type { RelayProbe } from './relay-probe.ts';
import { inQuotes } from './words.ts';

const TEXT = 'ocmesh doctor';
/** Seconds for which the relay shall keep the message (NIP-40). */
const LIFE_S = 60;
/** Milliseconds until what a relay took must be there to be read. */
const STORED_MS = 5_000;

/**
 * A message to ourselves, sealed like any other (NIP-04), published at one relay and read back from there over a
 * connection of our own. A running daemon sees it too and drops it, as everything that carries its own name: nothing
 * of it gets into an inbox, and the relay is asked to forget it after a minute.
 */
export const roundTripCheck = (facts: Pick<Facts, 'relays' | 'probe'>, clock: Clock): Check => ({
  id: 'round_trip',
  what: 'Message to itself',
  why: 'It shows that what is sealed, published and stored here comes back and can be opened.',
  needs: ['config', 'store'],
  async look() {
    const relay = (await facts.relays()).find(({ carries_dms }) => carries_dms);
    if (!relay) return skipped('There is no relay to send it through.');
    const { probe, identity } = await facts.probe();
    const [own] = await probe.look([relay.url]);
    if (!own?.carries_dms) return skipped(`${relay.url} gave us no second connection.`);
    return sendAround({ url: relay.url, probe, identity, clock });
  },
});

async function sendAround(deps: {
  readonly url: string;
  readonly probe: RelayProbe;
  readonly identity: Identity;
  readonly clock: Clock;
}): Promise<Finding> {
  const { url, probe, identity, clock } = deps;
  const event = expiring(identity, toUnixSec(clock.now()));
  const startedAt = clock.monotonic();
  const another = 'Run `ocmesh doctor` again; if it stays so, take another relay.';
  const published = await probe.publish(url, event);
  if (published.outcome !== 'accepted') {
    const words = published.reason === null ? '' : `: ${inQuotes(published.reason)}`;
    return fail(`${url} did not take it (${published.outcome})${words}`, another);
  }
  const opened = await waitFor(clock, STORED_MS, async () =>
    opens(identity, await probe.find(url, [event.id])),
  );
  if (opened === null) return fail(`${url} took it, but does not give it back`, another);
  if (!opened) return fail(`${url} gave back something else`, another);
  return ok(`through ${url} and back in ${Math.round(clock.monotonic() - startedAt)} ms`);
}

/** null where there was nothing to open. */
function opens(identity: Identity, { events }: QueryResult): boolean | null {
  if (events.length === 0) return null;
  return events.some((raw) => {
    const event = parseEvent(raw);
    if (!event) return false;
    try {
      const { author, plaintext } = identity.openDm(event);
      return author === identity.pubkey && plaintext === TEXT;
    } catch {
      return false;
    }
  });
}

function expiring(identity: Identity, nowSec: number) {
  const { event } = identity.sealDm(identity.pubkey, TEXT, nowSec, 'nip04');
  return identity.sign({
    kind: kinds.encryptedDm,
    created_at: nowSec,
    tags: [...event.tags, ['expiration', String(nowSec + LIFE_S)]],
    content: event.content,
  });
}
