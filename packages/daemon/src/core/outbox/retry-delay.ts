import { backoffMs, hourMs, minuteMs, withJitter } from '@ocmesh/shared/ambient';

const range = { firstMs: 2_000, maxMs: 600_000 };

/**
 * Returns the pause before the next attempt: doubling from 2 s to 10 min, half of it random. In whole milliseconds,
 * because the time of the next attempt is shown and stored.
 * @param attempts attempts made so far, at least 1
 * @param unit a random number in [0, 1)
 */
export const retryDelayMs = (attempts: number, unit: number): number =>
  Math.round(withJitter(backoffMs(range, attempts - 1), unit));

/** At most eleven in the seven days that a message lives. */
const repeatDelays = [minuteMs, 5 * minuteMs, 30 * minuteMs, 3 * hourMs, 24 * hourMs] as const;

/**
 * Returns the pause before an event is offered once more to relays that accepted or refused it before: from a minute
 * to a day.
 * @param repeats how often it was offered again so far
 */
export const repeatDelayMs = (repeats: number): number =>
  repeatDelays[Math.min(repeats, repeatDelays.length - 1)] as number;
