import { describeMesh, megabytes, type Status } from '@ocmesh/shared/contract';
import { type Check, type Finding, ok, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

/** Part of the budget by which a day may exceed it: a burst after a start is allowed. */
const TOLERANCE = 1.05;
/** Part of what was received from which on followed agents are the cause. */
const MOST = 0.6;

export const discoveryCheck = (facts: Pick<Facts, 'daemon'>): Check => ({
  id: 'discovery',
  what: 'Discovery',
  why: 'In a large mesh, following all agents on all relays would cost more than your connection should carry.',
  needs: ['daemon'],
  async run() {
    const status = (await facts.daemon())?.status;
    return status ? describe(status) : [];
  },
});

function describe({ discovery, relay_status }: Status): Finding {
  const { sampled_relays: sampled, budget_bytes_per_day: budget, last_day: day } = discovery;
  const followed = relay_status.filter(
    ({ role, state, url }) => role === 'own' && state === 'connected' && !sampled.includes(url),
  );
  const modes = [
    ...(followed.length > 0 ? [`follows all agents on ${followed.map(({ url }) => url).join(', ')}`] : []),
    ...(sampled.length > 0 ? [`takes samples on ${sampled.join(', ')}`] : []),
  ];
  const size = describeMesh(discovery);
  const cost = `received ${megabytes(day.bytes)} MB in the last 24 h, of ${megabytes(budget)} MB allowed`;
  const found = [
    ...(modes.length > 0 ? modes : ['no relay is connected']),
    ...(size === null ? [] : [size]),
    cost,
  ];
  if (day.bytes <= budget * TOLERANCE) return ok(found.join('; '));
  return exceeded(found.join('; '), discovery);
}

/** Names what used up the budget: announcements of agents that are followed, or questions. */
function exceeded(found: string, { last_day: day, mode }: Status['discovery']): Finding {
  const live = `${megabytes(day.live_bytes)} MB of it`;
  const RAISE = 'raise `discovery_budget_mb_per_day` in config.json';
  if (day.live_bytes < day.bytes * MOST)
    return warn(
      `${found}. Searches and lookups used most of it`,
      `If you need that many of them, ${RAISE}. Until tomorrow, fewer samples are taken.`,
    );
  const whose =
    mode === 'all'
      ? 'all agents on these relays'
      : 'contacts and peers that your agent wrote to, and replies to pings';
  return warn(
    `${found}. ${live} came from announcements of ${whose}, which are followed`,
    `Remove contacts that you do not need (\`ocmesh untrust\`), or ${RAISE}.`,
  );
}
