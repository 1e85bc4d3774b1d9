import { createHash } from 'node:crypto';
import {
  type Cancel,
  type Clock,
  dayMs,
  every,
  hourMs,
  type Log,
  minuteMs,
  type Random,
  toHex,
} from '@ocmesh/shared/ambient';
import type { Output } from '@ocmesh/shared/contract';
import { createRefusal } from '../refuse-wrong.ts';
import { pageLimits } from './limits.ts';

/** 128 bits: a code lives for a minute. */
const CODE_BYTES = 16;
const SECRET_BYTES = 32;

/** The session of one tab of a browser. */
export interface PageSession {
  /** Fires when the session ends. */
  readonly ended: AbortSignal;
}

/**
 * The sessions of browsers. They and their codes are in memory only, as hashes: a restart ends them all.
 *
 * A session has two halves. The cookie is out of reach for scripts, but a browser sends it to every port of this machine.
 * The key is in the page's own storage, which no other port can read. Neither works without the other.
 */
export interface PageSessions {
  createCode(): Output<'createPageCode'>;
  /**
   * Opens a session for a code, which then no longer works.
   * @param cookies those that the browser sent. One that works is used again, so that its other tabs stay signed in
   * @throws OcmeshError `page_code_wrong`, `too_many_wrong_codes`
   */
  open(code: string, cookies: readonly string[]): { readonly cookie: string; readonly key: string };
  /** Returns the session of this key and one of these cookies, and counts as its use. */
  find(cookies: readonly string[], key: string): PageSession | null;
  /** Ends all sessions of the same browser. */
  close(session: PageSession): void;
  /** Returns how many sessions were ever opened. */
  opened(): number;
  /** Ends all sessions, and stops looking for old ones. */
  stop(): void;
}

interface Held extends PageSession {
  readonly cookieHash: string;
  readonly keyHash: string;
  readonly end: () => void;
  readonly start: Moment;
  used: Moment;
}

export function createPageSessions({
  clock,
  random,
  log,
}: {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): PageSessions {
  /** When each code was made, by its hash; the oldest first. */
  const codes = new Map<string, Moment>();
  /** In the order of their last use. */
  const sessions = new Set<Held>();
  let opened = 0;
  const { now, ageMs } = createMoments(clock);
  const refuseCode = createRefusal(
    { clock, log },
    {
      first: 'page_code_wrong',
      tooMany: 'too_many_wrong_codes',
      perMinute: pageLimits.wrongCodesPerMinute,
      notice: 'a browser came with a wrong code for the page',
    },
  );

  function end(held: Held): void {
    sessions.delete(held);
    held.end();
  }

  const isOver = ({ start, used }: Held): boolean =>
    ageMs(used) >= pageLimits.idleHours * hourMs || ageMs(start) >= pageLimits.sessionDays * dayMs;

  function endOld(): void {
    for (const held of [...sessions].filter(isOver)) end(held);
  }
  const cancel: Cancel = every(clock, minuteMs, endOld);

  function useUp(code: string): boolean {
    const hash = hashOf(code);
    const made = codes.get(hash);
    codes.delete(hash);
    return made !== undefined && ageMs(made) < pageLimits.codeSeconds * 1000;
  }

  return {
    createCode() {
      const code = toHex(random.bytes(CODE_BYTES));
      codes.set(hashOf(code), now());
      for (const oldest of [...codes.keys()].slice(0, -pageLimits.codes)) codes.delete(oldest);
      return { code, expires_in_seconds: pageLimits.codeSeconds };
    },

    open(code, cookies) {
      if (!useUp(code)) throw refuseCode();
      endOld();
      const working = cookies.find((cookie) => [...sessions].some(hasCookie(hashOf(cookie))));
      const cookie = working ?? toHex(random.bytes(SECRET_BYTES));
      const key = toHex(random.bytes(SECRET_BYTES));
      const over = new AbortController();
      const start = now();
      sessions.add({
        cookieHash: hashOf(cookie),
        keyHash: hashOf(key),
        ended: over.signal,
        end: () => over.abort(),
        start,
        used: start,
      });
      for (const oldest of [...sessions].slice(0, -pageLimits.sessions)) end(oldest);
      opened++;
      log.info('a browser signed in on the page');
      return { cookie, key };
    },

    find(cookies, key) {
      const keyHash = hashOf(key);
      const cookieHashes = cookies.map(hashOf);
      const held = [...sessions].find(
        (one) => one.keyHash === keyHash && cookieHashes.includes(one.cookieHash),
      );
      if (!held) return null;
      if (isOver(held)) {
        end(held);
        return null;
      }
      held.used = now();
      sessions.delete(held);
      sessions.add(held);
      return held;
    },

    close(session) {
      const { cookieHash } = session as Held;
      for (const held of [...sessions].filter(hasCookie(cookieHash))) end(held);
    },

    opened: () => opened,

    stop() {
      cancel();
      for (const held of [...sessions]) end(held);
    },
  };
}

const hasCookie =
  (cookieHash: string) =>
  (held: Held): boolean =>
    held.cookieHash === cookieHash;

/** The secrets are random and long: a lookup by hash shows nothing of them by the time that it takes. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

function createMoments(clock: Clock) {
  return {
    now: (): Moment => ({ wall: clock.now(), monotonic: clock.monotonic() }),
    /** By the clock that ran faster: one stops while the machine sleeps, the other one can be set back. */
    ageMs: ({ wall, monotonic }: Moment): number =>
      Math.max(clock.now() - wall, clock.monotonic() - monotonic),
  };
}
