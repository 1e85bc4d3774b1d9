import { type Clock, hourMs } from '@ocmesh/shared/ambient';
import { closeFrame, matchesFilter, reasonPrefix, reqFrame } from '@ocmesh/shared/wire';
import { createAuthRetry } from './auth-retry.ts';
import { nostrLimits } from './limits.ts';
import { createReq, type Req, type ReqSpec } from './req.ts';

export interface SubscriptionsDeps {
  readonly clock: Clock;
  readonly send: (frame: string) => boolean;
  /** Disconnects: the relay does not respond to a REQ. */
  readonly giveUp: () => void;
  /** Resolves to whether the relay accepted our AUTH. */
  readonly authenticate: () => Promise<boolean>;
  /** Returns whether a refusal with this reason will hold for hours. */
  readonly isFinal: (reason: string) => boolean;
  /** A permanent subscription was refused. */
  readonly onRefused: (id: string, reason: string) => void;
  /** A permanent subscription is about to be sent again after a refusal that held for hours. */
  readonly onRetryAfterFinal: () => void;
  readonly onUnasked: () => void;
}

export type Subscriptions = ReturnType<typeof createSubscriptions>;

/** The REQs of one connection: permanent ones, and queries that end with their EOSE. */
export function createSubscriptions(deps: SubscriptionsDeps) {
  const { clock, send } = deps;
  const reqs = new Map<string, Req>();
  const isOpen = (req: Req): boolean => reqs.get(req.spec.id) === req;
  const auth = createAuthRetry({ reqs, isOpen, authenticate: deps.authenticate, resend: sendReq });

  function sendReq(req: Req, tries = 1): void {
    const { id, permanent } = req.spec;
    req.phase = 'sent';
    if (tries === 1) {
      req.wantsChallenge = false;
      req.notice = null;
    }
    req.cancel();
    req.filters = req.spec.filters();
    if (!send(reqFrame(id, req.filters))) return;
    // Some relays lose a REQ that is sent right at open.
    req.cancel = clock.after(nostrLimits.reply.reqMs, () => {
      if (req.phase !== 'sent') return;
      if (tries < nostrLimits.reply.reqTries) sendReq(req, tries + 1);
      else if (req.notice !== null) void refuse(req, req.notice);
      else if (permanent) deps.giveUp();
      // A relay may drop a query for being one too many; what is live goes on.
      else end(req);
    });
  }

  /** The relay does not serve this REQ: authenticates, or ends it, or sends it again later. */
  async function refuse(req: Req, reason: string): Promise<void> {
    req.phase = 'closed';
    req.cancel();
    if (await auth.retry(req, reason)) return;
    // The connection may have closed meanwhile, or another response come first.
    if (!isOpen(req) || req.phase !== 'closed') return;
    if (!req.spec.permanent) return end(req);
    deps.onRefused(req.spec.id, reason);
    const isFinal = deps.isFinal(reason);
    req.cancel();
    req.cancel = clock.after(retryPauseMs(isFinal, reason), () => {
      req.authTried = false;
      if (isFinal) deps.onRetryAfterFinal();
      sendReq(req);
    });
  }

  function end(req: Req): void {
    req.cancel();
    if (!isOpen(req)) return;
    reqs.delete(req.spec.id);
    send(closeFrame(req.spec.id));
    req.spec.onEnd();
  }

  return {
    add(spec: ReqSpec): void {
      const req = createReq(spec);
      reqs.set(spec.id, req);
      sendReq(req);
    },
    /** Closes a REQ without calling `onEnd`. */
    remove(id: string): void {
      const req = reqs.get(id);
      if (!req) return;
      req.cancel();
      reqs.delete(id);
      send(closeFrame(id));
    },
    onEvent(id: string, event: unknown, bytes: number): void {
      const req = reqs.get(id);
      // For a REQ that we just closed: the event was already under way.
      if (!req) return;
      if (!req.filters.some((filter) => matchesFilter(filter, event))) return deps.onUnasked();
      if (req.phase === 'sent') req.phase = 'live';
      req.spec.onEvent(event, bytes);
    },
    onEose(id: string): void {
      const req = reqs.get(id);
      // A repeated EOSE has no effect.
      if (!req || req.phase === 'complete' || req.phase === 'closed') return;
      req.cancel();
      req.phase = 'complete';
      req.wantsChallenge = false;
      req.spec.onEose();
    },
    onClosed(id: string, reason: string): void {
      const req = reqs.get(id);
      if (req && req.phase !== 'closed') void refuse(req, reason);
    },
    /** Some relays refuse in a NOTICE, which names no subscription: it means any REQ that gets no other response. */
    onNotice(text: string): void {
      for (const req of reqs.values()) {
        if (req.phase !== 'sent') continue;
        req.notice = text;
        void auth.retry(req, text);
      }
    },
    onChallenge: auth.onChallenge,
    /** The connection is closed. */
    close(): void {
      const open = [...reqs.values()];
      reqs.clear();
      for (const req of open) {
        req.cancel();
        req.spec.onEnd();
      }
    },
  };
}

/** Returns the pause before a refused permanent subscription is sent again. */
function retryPauseMs(isFinal: boolean, reason: string): number {
  if (isFinal) return nostrLimits.backoff.refusedHours * hourMs;
  const isRateLimited = reasonPrefix(reason) === 'rate-limited';
  return (
    (isRateLimited ? nostrLimits.reply.reqRateLimitedSeconds : nostrLimits.reply.reqClosedSeconds) * 1000
  );
}
