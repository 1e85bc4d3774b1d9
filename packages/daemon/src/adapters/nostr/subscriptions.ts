import { type Cancel, type Clock, hourMs } from '@ocmesh/shared/ambient';
import { closeFrame, type Filter, matchesFilter, reasonPrefix, reqFrame } from '@ocmesh/shared/wire';
import { nostrLimits } from './limits.ts';

const RATE_LIMITED_MS = nostrLimits.reply.reqRateLimitedSeconds * 1000;
const CLOSED_MS = nostrLimits.reply.reqClosedSeconds * 1000;
const REFUSED_MS = nostrLimits.backoff.refusedHours * hourMs;

/** What somebody wants to know of the relay. */
export interface Request {
  readonly id: string;
  /** Asked for as long as the connection holds, whatever the relay answers. */
  readonly permanent: boolean;
  readonly filters: () => readonly Filter[];
  /** @param bytes of its frame */
  onEvent(event: unknown, bytes: number): void;
  /** Once for each time it was asked. */
  onEose(): void;
  /** It is not asked again: the relay refused, did not answer, or is gone. */
  onEnd(): void;
}

interface Req {
  readonly request: Request;
  /** As they were asked; what matches none of them was not asked for. */
  filters: readonly Filter[];
  phase: 'asked' | 'answered' | 'complete' | 'closed';
  authTried: boolean;
  /** Refused for want of NIP-42: the next challenge is worth another try. */
  wantsChallenge: boolean;
  /** What the relay said at large while it owed an answer. */
  notice: string | null;
  cancel: Cancel;
}

export interface SubscriptionsDeps {
  readonly clock: Clock;
  readonly send: (frame: string) => boolean;
  /** Hangs up: the relay does not answer what it must. */
  readonly giveUp: () => void;
  /** Whether the relay took our NIP-42 answer. */
  readonly authenticate: () => Promise<boolean>;
  /** Whether a refusal in these words will hold for hours. */
  readonly isFinal: (words: string) => boolean;
  /** A permanent one is not served. */
  readonly onRefused: (name: string, words: string) => void;
  /** A permanent one is asked once more after a refusal that held for hours. */
  readonly onAskedAgain: () => void;
  readonly onUnasked: () => void;
}

export type Subscriptions = ReturnType<typeof createSubscriptions>;

/** The REQs of one connection: permanent ones, and queries that end with their EOSE. */
export function createSubscriptions(deps: SubscriptionsDeps) {
  const { clock, send } = deps;
  const reqs = new Map<string, Req>();
  let isChallenged = false;
  let isAnswering = false;

  const isThere = (req: Req): boolean => reqs.get(req.request.id) === req;

  function fire(req: Req, tries = 1): void {
    const { id, permanent } = req.request;
    req.phase = 'asked';
    if (tries === 1) {
      req.wantsChallenge = false;
      req.notice = null;
    }
    req.cancel();
    req.filters = req.request.filters();
    if (!send(reqFrame(id, req.filters))) return;
    // Some relays lose a REQ that is sent right at open.
    req.cancel = clock.after(nostrLimits.reply.reqMs, () => {
      if (req.phase !== 'asked') return;
      if (tries < nostrLimits.reply.reqTries) fire(req, tries + 1);
      else if (req.notice !== null) void close(req, req.notice);
      else if (permanent) deps.giveUp();
      // What is live goes on: a relay may drop a query for being one too many.
      else end(req);
    });
  }

  /** @returns whether it was asked once more, as somebody the relay knows now */
  async function tryAuth(req: Req, words: string): Promise<boolean> {
    const prefix = reasonPrefix(words);
    if (prefix !== 'auth-required' && prefix !== 'restricted') return false;
    // Noted before the wait: the challenge may come right behind the refusal.
    req.wantsChallenge = true;
    if (req.authTried) return false;
    req.authTried = true;
    const { phase } = req;
    if (!(await deps.authenticate()) || !isThere(req) || req.phase !== phase) return false;
    fire(req);
    return true;
  }

  async function close(req: Req, words: string): Promise<void> {
    req.phase = 'closed';
    req.cancel();
    if (await tryAuth(req, words)) return;
    // The connection may have broken meanwhile, or another answer been quicker.
    if (!isThere(req) || req.phase !== 'closed') return;
    if (!req.request.permanent) return end(req);
    deps.onRefused(req.request.id, words);
    const isFinal = deps.isFinal(words);
    const pauseMs = isFinal
      ? REFUSED_MS
      : reasonPrefix(words) === 'rate-limited'
        ? RATE_LIMITED_MS
        : CLOSED_MS;
    req.cancel();
    req.cancel = clock.after(pauseMs, () => {
      req.authTried = false;
      if (isFinal) deps.onAskedAgain();
      fire(req);
    });
  }

  function end(req: Req): void {
    req.cancel();
    if (!isThere(req)) return;
    reqs.delete(req.request.id);
    send(closeFrame(req.request.id));
    req.request.onEnd();
  }

  return {
    add(request: Request): void {
      const req: Req = {
        request,
        filters: [],
        phase: 'asked',
        authTried: false,
        wantsChallenge: false,
        notice: null,
        cancel: () => {},
      };
      reqs.set(request.id, req);
      fire(req);
    },
    /** Takes a request back; it hears no more. */
    remove(id: string): void {
      const req = reqs.get(id);
      if (!req) return;
      req.cancel();
      reqs.delete(id);
      send(closeFrame(id));
    },
    onEvent(id: string, event: unknown, bytes: number): void {
      const req = reqs.get(id);
      // Of one that was just closed: it was under way.
      if (!req) return;
      if (!req.filters.some((filter) => matchesFilter(filter, event))) return deps.onUnasked();
      if (req.phase === 'asked') req.phase = 'answered';
      req.request.onEvent(event, bytes);
    },
    onEose(id: string): void {
      const req = reqs.get(id);
      // Nothing happens twice because a relay says it twice.
      if (!req || req.phase === 'complete' || req.phase === 'closed') return;
      req.cancel();
      req.phase = 'complete';
      req.wantsChallenge = false;
      req.request.onEose();
    },
    onClosed(id: string, words: string): void {
      const req = reqs.get(id);
      if (req && req.phase !== 'closed') void close(req, words);
    },
    /** Some relays refuse in a NOTICE, which names no subscription: one that gets no answer was meant. */
    onNotice(words: string): void {
      for (const req of reqs.values()) {
        if (req.phase !== 'asked') continue;
        req.notice = words;
        void tryAuth(req, words);
      }
    },
    /** A new challenge came: what was refused without one is worth another try. */
    async onChallenge(): Promise<void> {
      isChallenged = true;
      // Once per challenge: a relay may forget who we are, and ask anew.
      for (const req of reqs.values()) req.authTried = false;
      // However many challenges come meanwhile, one answer is under way.
      if (isAnswering) return;
      isAnswering = true;
      while (isChallenged) {
        isChallenged = false;
        const refused = [...reqs.values()].filter((req) => req.wantsChallenge);
        if (refused.length === 0 || !(await deps.authenticate())) continue;
        for (const req of refused) if (isThere(req) && req.wantsChallenge) fire(req);
      }
      isAnswering = false;
    },
    /** The connection is gone. */
    reset(): void {
      const gone = [...reqs.values()];
      reqs.clear();
      for (const req of gone) {
        req.cancel();
        req.request.onEnd();
      }
    },
  };
}
