import { type Clock, pollUntil, toUnixSec } from '@ocmesh/shared/ambient';
import { kinds, parseEvent } from '@ocmesh/shared/wire';
import type { Identity } from '../../core/identity/identity.ts';
import type { QueryResult } from '../../core/ports/relay-network.ts';
import { type Check, fail, ok, skipped, warn } from '../check.ts';
import { inQuotes } from '../format.ts';
import type { Facts } from '../probes/facts.ts';
import type { RelayProbe } from '../probes/relay-probe.ts';

const TEXT = 'ocmesh doctor';
/** Seconds after which the relay should delete the message (NIP-40). */
const LIFE_S = 60;
/** Time for a relay to return an event that it accepted. */
const READ_BACK = { everyMs: 50, forMs: 5_000 };
const MAX_RELAYS = 3;
const failures = {
  rejected: 'rejected it',
  timeout: 'did not confirm it in time',
  not_connected: 'lost the connection',
} as const;
const NEXT_STEP = 'Run `ocmesh doctor` again; if the problem persists, use another relay.';

/**
 * Sends an encrypted message (NIP-04) to ourselves through one relay and fetches it again, over a separate connection.
 * A running daemon also gets it and drops it, as it does all events that it signed, so it never reaches an inbox;
 * the relay is asked to delete it after a minute.
 */
export const roundTripCheck = (facts: Pick<Facts, 'relays' | 'probe' | 'store'>, clock: Clock): Check => ({
  id: 'round_trip',
  what: 'Test message',
  why: 'It shows that messages can be encrypted, published, kept by a relay, fetched and decrypted.',
  needs: ['config', 'store'],
  async run() {
    if (!(await facts.store())) return skipped('No identity yet.');
    const urls = (await facts.relays()).flatMap(({ url, carries_dms }) => (carries_dms ? [url] : []));
    if (urls.length === 0) return skipped('No relay to send it through.');
    const { probe, identity } = await facts.probe();
    const problems: string[] = [];
    // One relay is enough; another one only shows whose fault a failure is.
    for (const url of urls.slice(0, MAX_RELAYS)) {
      const startedAt = clock.monotonic();
      const problem = await sendToSelf({ url, probe, identity, clock });
      if (problem !== null) {
        problems.push(`${url} ${problem}`);
        continue;
      }
      const found = `sent through ${url} and back in ${Math.round(clock.monotonic() - startedAt)} ms`;
      return problems.length > 0
        ? warn(`${found}; failed before: ${problems.join('; ')}`, NEXT_STEP)
        : ok(found);
    }
    return fail(problems.join('; '), NEXT_STEP);
  },
});

/** Returns the problem, or null if the message came back. */
async function sendToSelf(deps: {
  readonly url: string;
  readonly probe: RelayProbe;
  readonly identity: Identity;
  readonly clock: Clock;
}): Promise<string | null> {
  const { url, probe, identity, clock } = deps;
  const relays = await probe.connect([url]);
  if (!relays.some((relay) => relay.url === url && relay.carries_dms))
    return 'did not accept a second connection';
  const event = createTestMessage(identity, toUnixSec(clock.now()));
  const { outcome, reason } = await probe.publish(url, event);
  if (outcome !== 'accepted') return `${failures[outcome]}${reason === null ? '' : `: ${inQuotes(reason)}`}`;
  const isOurs = await pollUntil(clock, READ_BACK, async () =>
    hasOurs(identity, await probe.find(url, [event.id])),
  );
  if (isOurs === null) return 'accepted it, but does not return it';
  return isOurs ? null : 'returned something else';
}

/** Returns whether the result has our message; null if it is empty. */
function hasOurs(identity: Identity, { events }: QueryResult): boolean | null {
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

function createTestMessage(identity: Identity, nowSec: number) {
  const { event } = identity.sealDm(identity.pubkey, TEXT, nowSec, 'nip04');
  return identity.sign({
    kind: kinds.encryptedDm,
    created_at: nowSec,
    tags: [...event.tags, ['expiration', String(nowSec + LIFE_S)]],
    content: event.content,
  });
}
