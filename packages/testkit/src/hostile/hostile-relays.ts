import type { Behaviour } from './behaviour.ts';
import { hugeFrame, slowDrip, zipBomb } from './bulky.ts';
import { authStorm, refusesAuth, reopenedChallenge, strfryClosed } from './demanding-auth.ts';
import { endlessPages, forgedIdFirst, futureDated, wrongFilter } from './forging.ts';
import { duplicatesAndReorders, lyingOk, neverEose, okButDrops } from './lying.ts';
import {
  http402,
  http403,
  http429,
  powDemander,
  rateLimiter,
  restrictedWriter,
  twoHoursLate,
} from './refusing.ts';
import { flapper, halfOpen, losesFirstReq, neverUpgrades, noticeInsteadOfClosed } from './silent.ts';

export type HostileRelayName =
  | 'forged-id-first'
  | 'future-dated'
  | 'lying-ok'
  | 'ok-but-drops'
  | 'half-open'
  | 'never-upgrades'
  | 'auth-storm'
  | 'refuses-auth'
  | 'strfry-closed'
  | 'notice-instead-of-closed'
  | 'loses-first-req'
  | 'duplicates-and-reorders'
  | 'huge-frame'
  | 'zip-bomb'
  | 'slow-drip'
  | 'wrong-filter'
  | 'never-eose'
  | 'two-hours-late'
  | 'flapper'
  | 'rate-limiter'
  | 'restricted-writer'
  | 'pow-demander'
  | 'http-402'
  | 'http-403'
  | 'http-429'
  | 'endless-pages'
  | 'reopened-challenge';

/** Misbehaviour seen on public relays, or possible for a malicious one. */
export const hostileRelays: Readonly<Record<HostileRelayName, Behaviour>> = {
  'forged-id-first': forgedIdFirst,
  'future-dated': futureDated,
  'lying-ok': lyingOk,
  'ok-but-drops': okButDrops,
  'half-open': halfOpen,
  'never-upgrades': neverUpgrades,
  'auth-storm': authStorm,
  'refuses-auth': refusesAuth,
  'strfry-closed': strfryClosed,
  'notice-instead-of-closed': noticeInsteadOfClosed,
  'loses-first-req': losesFirstReq,
  'duplicates-and-reorders': duplicatesAndReorders,
  'huge-frame': hugeFrame,
  'zip-bomb': zipBomb,
  'slow-drip': slowDrip,
  'wrong-filter': wrongFilter,
  'never-eose': neverEose,
  'two-hours-late': twoHoursLate,
  flapper,
  'rate-limiter': rateLimiter,
  'restricted-writer': restrictedWriter,
  'pow-demander': powDemander,
  'http-402': http402,
  'http-403': http403,
  'http-429': http429,
  'endless-pages': endlessPages,
  'reopened-challenge': reopenedChallenge,
};
