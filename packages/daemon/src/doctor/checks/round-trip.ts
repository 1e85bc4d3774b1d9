import { type Clock, pollUntil, toUnixSec } from '@ocmesh/shared/ambient';
import { kinds, parseEvent } from '@ocmesh/shared/wire';
import type { Identity } from '../../core/identity/identity.ts';
import type { QueryResult } from '../../core/ports/relay-network.ts';
import { type Check, fail, ok, skipped, warn } from '../check.ts';
import { inQuotes } from '../format.ts';
import type { Facts } from '../probes/facts.ts';
import type { RelayProbe } from '../probes/relay-probe.ts';

const TEXT = 'ocmesh doctor';
/** Seconds for which the relay shall keep the message (NIP-40). */
const LIFE_S = 60;
/** Time for a relay to return an event that it accepted. */
const READ_BACK = { everyMs: 50, forMs: 5_000 };
const MAX_RELAYS = 3;
const NEXT_STEP = 'Run `ocmesh doctor` again; if it stays so, take another relay.';

/**
 * A message to ourselves, sealed like any other (NIP-04), published at one relay and read back from there over a
 * connection of our own. A running daemon sees it too and drops it, as everything that carries its own name: nothing
 * of it gets into an inbox, and the relay is asked to forget it after a minute.
 */
export const roundTripCheck = (facts: Pick<Facts, 'relays' | 'probe' | 'store'>, clock: Clock): Check => ({
  id: 'round_trip',
  what: 'Message to itself',
  why: 'It shows that what is sealed, published and stored here comes back and can be opened.',
  needs: ['config', 'store'],
  async run() {
    if (!(await facts.store())) return skipped('There is no identity yet to send it from.');
    const urls = (await facts.relays()).flatMap(({ url, carries_dms }) => (carries_dms ? [url] : []));
    if (urls.length === 0) return skipped('There is no relay to send it through.');
    const { probe, identity } = await facts.probe();
    const problems: string[] = [];
    // One relay is enough; the next one only shows whose fault it is.
    for (const url of urls.slice(0, MAX_RELAYS)) {
      const startedAt = clock.monotonic();
      const problem = await sendAround({ url, probe, identity, clock });
      if (problem !== null) {
        problems.push(`${url} ${problem}`);
        continue;
      }
      const found = `through ${url} and back in ${Math.round(clock.monotonic() - startedAt)} ms`;
      return problems.length > 0 ? warn(`${found}; before: ${problems.join('; ')}`, NEXT_STEP) : ok(found);
    }
    return fail(problems.join('; '), NEXT_STEP);
  },
});

/** null when all is well. */
async function sendAround(deps: {
  readonly url: string;
  readonly probe: RelayProbe;
  readonly identity: Identity;
  readonly clock: Clock;
}): Promise<string | null> {
  const { url, probe, identity, clock } = deps;
  const relays = await probe.connect([url]);
  if (!relays.some((relay) => relay.url === url && relay.carries_dms)) return 'gave us no second connection';
  const event = expiring(identity, toUnixSec(clock.now()));
  const { outcome, reason } = await probe.publish(url, event);
  if (outcome !== 'accepted')
    return `did not take it (${outcome})${reason === null ? '' : `: ${inQuotes(reason)}`}`;
  const isOurs = await pollUntil(clock, READ_BACK, async () =>
    opens(identity, await probe.find(url, [event.id])),
  );
  if (isOurs === null) return 'took it, but does not give it back';
  return isOurs ? null : 'gave back something else';
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
