import { statusLimits } from '../../core/status/limits.ts';
import { medianOf } from '../../core/status/median.ts';
import { type Check, fail, ok, skipped, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

/** Minutes that are worth a word: messages still get through, but stand in the wrong order. */
const NOTICEABLE_MINUTES = 1;

export const clockCheck = (facts: Pick<Facts, 'relays'>): Check => ({
  id: 'clock',
  what: 'Clock',
  why: 'Relays and other agents refuse what is dated too far from their own time.',
  needs: ['config', 'store'],
  async run() {
    // The median: some relays have a wrong clock themselves.
    const offsetMs = medianOf((await facts.relays()).flatMap(({ clock_offset_ms }) => clock_offset_ms ?? []));
    if (offsetMs === null) return skipped('No relay told the time.');
    const minutes = Math.abs(offsetMs) / 60_000;
    if (minutes < NOTICEABLE_MINUTES)
      return ok(`within ${Math.max(1, Math.ceil(Math.abs(offsetMs) / 1000))} s of the relays'`);
    const found = `${Math.round(minutes)} min ${offsetMs > 0 ? 'behind' : 'ahead of'} the relays'`;
    const nextStep = 'Set the clock, or let the system set it over the network (NTP).';
    return (minutes > statusLimits.clockOffMinutes ? fail : warn)(found, nextStep);
  },
});
