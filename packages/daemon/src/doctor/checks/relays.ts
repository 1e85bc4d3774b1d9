import type { Clock } from '@ocmesh/shared/ambient';
import type { RelayDetails } from '@ocmesh/shared/contract';
import { type Check, type Finding, fail, ok, skipped, warn } from '../check.ts';
import { inQuotes } from '../format.ts';
import type { Facts } from '../probes/facts.ts';
import { type BrokenStep, hasName, traceRelay } from '../probes/trace-relay.ts';

const ANOTHER = 'Add another relay: `ocmesh relays add <url>`.';
const ADD = 'While the daemon is running, `ocmesh relays add <url>` adds one.';
const OF_LAST_RUN =
  'The last run used other relays (--relay or OCMESH_RELAYS); those are checked, not the default ones.';
const NO_INTERNET = 'Check the internet connection and the DNS server of this machine.';
const OR_ANOTHER = 'Or add another relay: `ocmesh relays add <url>`.';

/** A company's filter signs with an authority of its own. */
const TRUST =
  'If the authority of your company signs certificates here, name its PEM file: ca_file in config.json, or NODE_EXTRA_CA_CERTS. Otherwise do not use this relay.';

const UNDATED = 'it refuses the date of everything we write, even one of now';
const CLOCKS = `Compare the clocks below: one of the two is wrong. ${OR_ANOTHER}`;

type Broken = BrokenStep | null;
interface Traced {
  readonly relay: RelayDetails;
  readonly broken: Broken;
}

export const relaysCheck = (
  facts: Pick<Facts, 'relays' | 'relaysAreOfLastRun' | 'config' | 'store' | 'goesAroundProxy'>,
  clock: Clock,
  trace = traceRelay,
): Check => ({
  id: 'relays',
  what: 'Relay',
  why: 'Agents reach each other only through relays; without one that lets us read messages, nothing arrives.',
  needs: ['config', 'store'],
  async run() {
    const relays = await facts.relays();
    if (relays.length === 0) return explainEmpty(facts);
    const works = relays.some(({ carries_dms, dates }) => carries_dms && dates !== 'none');
    // A single failure is harmless: that is why there are several relays.
    const bad = works ? warn : fail;
    const mayTrace = !(await facts.goesAroundProxy());
    const traced = await Promise.all(
      relays.map(async (relay) => ({
        relay,
        broken:
          wasReached(relay) || !mayTrace ? null : await trace(relay.url, clock, facts.config().outbound),
      })),
    );
    const lost = unresolved(traced);
    return [
      ...((await facts.relaysAreOfLastRun()) ? [skipped(OF_LAST_RUN)] : []),
      ...(lost.length > 0 ? [bad(describeLost(lost), NO_INTERNET)] : []),
      ...traced
        .filter((one) => !lost.includes(one))
        .map(({ relay, broken }) => {
          if (relay.carries_dms && relay.dates === 'none') return bad(`${relay.url}: ${UNDATED}`, CLOCKS);
          if (relay.carries_dms) return ok(`${relay.url}: ${describe(relay)}`);
          const { found, nextStep } = explain(relay, broken);
          return bad(`${relay.url}: ${found}`, nextStep);
        }),
    ];
  },
});

const wasReached = ({ state }: RelayDetails): boolean => state !== 'connecting' && state !== 'disconnected';

/** If none of several host names can be resolved, returns all relays with one: then it is not the relays' fault. */
function unresolved(traced: readonly Traced[]): readonly Traced[] {
  const named = traced.filter(({ relay }) => hasName(relay.url));
  return named.length > 1 && named.every(({ broken }) => broken?.step === 'DNS') ? named : [];
}

function describeLost(lost: readonly Traced[]): string {
  const whys = new Set(lost.flatMap(({ broken }) => broken?.why ?? []));
  const urls = lost.map(({ relay }) => relay.url);
  return `no relay can be resolved (no internet?): DNS: ${[...whys].join('; ')}: ${urls.join(', ')}`;
}

async function explainEmpty({ config, store }: Pick<Facts, 'config' | 'store'>): Promise<Finding> {
  const { values, origins } = config();
  if (values.relays?.length === 0)
    return fail(
      `The relay list is empty: the setting relays in ${origins.relays} has no entries.`,
      `Add one there. ${ADD}`,
    );
  const choices = (await store())?.relayChoices ?? [];
  const why = choices.some(({ wanted }) => !wanted) ? ': `ocmesh relays remove` removed the last one' : '';
  return fail(`The relay list is empty${why}.`, ADD);
}

function describe({ round_trip_ms, supported_nips }: RelayDetails): string {
  return [
    round_trip_ms === null ? 'connected' : `connected, responds in ${Math.round(round_trip_ms)} ms`,
    supported_nips.length > 0 ? `NIP-11 lists ${supported_nips.length} NIPs` : 'no NIP-11 document',
    'messages can be read',
  ].join('; ');
}

type Explained = Pick<Finding, 'found'> & { readonly nextStep: string };

function explain(relay: RelayDetails, broken: Broken): Explained {
  const quote = relay.last_error === null ? '' : `: ${inQuotes(relay.last_error)}`;
  switch (relay.state) {
    case 'auth_required':
    case 'auth_failed':
      return { found: `AUTH (NIP-42) failed${quote}`, nextStep: ANOTHER };
    case 'restricted':
      return { found: `it serves only its members${quote}`, nextStep: `Become a member. ${OR_ANOTHER}` };
    case 'payment_required':
      return { found: `it requires payment${quote}`, nextStep: `Pay for it. ${OR_ANOTHER}` };
    case 'misbehaving':
      return { found: `it sent forged or unrequested events${quote}`, nextStep: ANOTHER };
    case 'connected':
      return {
        found: quote
          ? `it does not let us read messages${quote}`
          : 'it does not respond to our request for messages',
        nextStep: ANOTHER,
      };
    default:
      return unreachable(relay.url, quote, broken);
  }
}

function unreachable(url: string, quote: string, broken: Broken): Explained {
  if (broken === null) return { found: `WebSocket: did not open${quote}`, nextStep: ANOTHER };
  const { step, why, isCertificate } = broken;
  if (step === 'proxy')
    return {
      found: why,
      nextStep: 'Start or correct the proxy that the check Proxy names: docs/settings.md.',
    };
  return {
    found: `${step}: ${why}`,
    nextStep: isCertificate
      ? TRUST
      : url.startsWith('wss:')
        ? `Check the address and the internet connection. ${OR_ANOTHER}`
        : `Start the relay. ${OR_ANOTHER}`,
  };
}
