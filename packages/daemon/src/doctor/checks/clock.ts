import { statusLimits } from '../../core/status/limits.ts';
import { medianOf } from '../../core/status/median.ts';
import { type Check, fail, ok, skipped, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

/** Difference from which to warn: messages still get through, but appear in the wrong order. */
const WARN_MINUTES = 1;

export const clockCheck = (facts: Pick<Facts, 'relays'>): Check => ({
  id: 'clock',
  what: 'Clock',
  why: 'Relays and other agents reject events dated too far from their own time.',
  needs: ['config', 'store'],
  async run() {
    // The median: some relays have a wrong clock themselves.
    const offsetMs = medianOf((await facts.relays()).flatMap(({ clock_offset_ms }) => clock_offset_ms ?? []));
    if (offsetMs === null) return skipped('No relay reported its time.');
    const minutes = Math.abs(offsetMs) / 60_000;
    if (minutes < WARN_MINUTES)
      return ok(`within ${Math.max(1, Math.ceil(Math.abs(offsetMs) / 1000))} s of the relays' clocks`);
    const found = `${Math.round(minutes)} min ${offsetMs > 0 ? 'behind' : 'ahead of'} the relays' clocks`;
    const nextStep = 'Set the clock, or let the system synchronize it (NTP).';
    return (minutes > statusLimits.clockOffMinutes ? fail : warn)(found, nextStep);
  },
});
