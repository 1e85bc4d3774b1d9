import type { Behaviour } from './behaviour.ts';
import { hugeFrame, slowDrip, zipBomb } from './bulky.ts';
import { authStorm, refusesAuth, reopenedChallenge, strfryClosed } from './demanding-auth.ts';
import {
  dropsGiftWraps,
  forgetsSubscriptions,
  forwardsOnly,
  keepsAMinute,
  liesToSome,
  losesAtRandom,
  neverForwards,
} from './forgetful.ts';
import { endlessPages, forgedIdFirst, futureDated, wrongFilter } from './forging.ts';
import { khatru, nostrRsRelay, nostrRsRelayDms } from './known-software.ts';
import { duplicatesAndReorders, lyingOk, neverEose, okButDrops } from './lying.ts';
import {
  cachedInfo,
  closesDuplicates,
  eoseFirst,
  fewSubscriptions,
  ignoresUntil,
  limitZeroUnlimited,
  oldestFirst,
  refusesLimitZero,
  slowToAnswer,
  smallPages,
} from './odd-answers.ts';
import {
  blocksOnce,
  falseDuplicate,
  http402,
  http403,
  http429,
  okAsText,
  powDemander,
  rateLimiter,
  refusesAllButNow,
  refusesOldDates,
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
  | 'reopened-challenge'
  | 'drops-gift-wraps'
  | 'never-forwards'
  | 'forwards-only'
  | 'keeps-a-minute'
  | 'loses-at-random'
  | 'lies-to-some'
  | 'forgets-subscriptions'
  | 'refuses-old-dates'
  | 'refuses-all-but-now'
  | 'blocks-once'
  | 'ok-as-text'
  | 'false-duplicate'
  | 'limit-zero-unlimited'
  | 'refuses-limit-zero'
  | 'oldest-first'
  | 'ignores-until'
  | 'small-pages'
  | 'eose-first'
  | 'slow-to-answer'
  | 'closes-duplicates'
  | 'few-subscriptions'
  | 'cached-info'
  | 'nostr-rs-relay'
  | 'nostr-rs-relay-dms'
  | 'khatru';

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
  'drops-gift-wraps': dropsGiftWraps,
  'never-forwards': neverForwards,
  'forwards-only': forwardsOnly,
  'keeps-a-minute': keepsAMinute,
  'loses-at-random': losesAtRandom,
  'lies-to-some': liesToSome,
  'forgets-subscriptions': forgetsSubscriptions,
  'refuses-old-dates': refusesOldDates,
  'refuses-all-but-now': refusesAllButNow,
  'blocks-once': blocksOnce,
  'ok-as-text': okAsText,
  'false-duplicate': falseDuplicate,
  'limit-zero-unlimited': limitZeroUnlimited,
  'refuses-limit-zero': refusesLimitZero,
  'oldest-first': oldestFirst,
  'ignores-until': ignoresUntil,
  'small-pages': smallPages,
  'eose-first': eoseFirst,
  'slow-to-answer': slowToAnswer,
  'closes-duplicates': closesDuplicates,
  'few-subscriptions': fewSubscriptions,
  'cached-info': cachedInfo,
  'nostr-rs-relay': nostrRsRelay,
  'nostr-rs-relay-dms': nostrRsRelayDms,
  khatru,
};
