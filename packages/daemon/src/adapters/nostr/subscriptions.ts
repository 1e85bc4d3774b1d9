import { type Clock, hourMs } from '@ocmesh/shared/ambient';
import { closeFrame, matchesFilter, reasonPrefix, reqFrame } from '@ocmesh/shared/wire';
import { createAuthRetry } from './auth-retry.ts';
import { createLateEvents } from './late-events.ts';
import { nostrLimits } from './limits.ts';
import { createReq, type EoseHint, type Req, type ReqSpec } from './req.ts';

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
  /** An event came for a REQ that is closed already, but we did ask for it. */
  readonly onLate: (event: unknown) => void;
  readonly onUnasked: () => void;
}

export type Subscriptions = ReturnType<typeof createSubscriptions>;

/** The REQs of one connection: permanent ones, and queries that end with their EOSE. */
export function createSubscriptions(deps: SubscriptionsDeps) {
  const { clock, send } = deps;
  const reqs = new Map<string, Req>();
  const lateEvents = createLateEvents(deps.onLate);
  /** The relay responded to something on this connection: if a REQ gets no response, that one takes long. */
  let isResponsive = false;
  const isOpen = (req: Req): boolean => reqs.get(req.spec.id) === req;
  const auth = createAuthRetry({ reqs, isOpen, authenticate: deps.authenticate, resend: sendReq });

  function sendReq(req: Req, tries = 1): void {
    const { id } = req.spec;
    req.phase = 'sent';
    req.sentAt = clock.monotonic();
    if (tries === 1) Object.assign(req, { wantsChallenge: false, notice: null });
    req.cancel();
    req.filters = req.spec.filters();
    if (send(reqFrame(id, req.filters))) awaitResponse(req, tries);
  }

  /**
   * Sends the REQ again if it may be lost, as some relays lose one that is sent right at open. A relay that is slow
   * would start over each time: with one that responds to other things we have more patience.
   */
  function awaitResponse(req: Req, tries: number): void {
    const leftMs = (): number => req.sentAt + patienceMs(req, tries, isResponsive) - clock.monotonic();
    req.cancel = clock.after(Math.max(0, leftMs()), () => {
      if (req.phase !== 'sent') return;
      if (leftMs() > 0) awaitResponse(req, tries);
      else if (req.notice !== null && tries > 1) void refuse(req, req.notice);
      else if (tries < nostrLimits.reply.reqTries) sendReq(req, tries + 1);
      else if (req.spec.permanent) deps.giveUp();
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

  function drop({ spec }: Req, event: unknown, bytes: number): void {
    spec.onDropped(event, bytes);
    deps.onUnasked();
  }

  /** Some relays ignore a REQ that repeats an open one, and others refuse it. */
  function reopen(req: Req): void {
    lateEvents.onClosed(req.spec.id, req.filters);
    send(closeFrame(req.spec.id));
    sendReq(req);
  }

  function end(req: Req): void {
    if (!isOpen(req)) return;
    close(req);
    req.spec.onEnd();
  }

  function close({ spec: { id }, filters, cancel }: Req): void {
    cancel();
    reqs.delete(id);
    lateEvents.onClosed(id, filters);
    send(closeFrame(id));
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
      if (req) close(req);
    },
    /** Opens a REQ again, unless that is about to happen anyway. */
    reopen(id: string): void {
      const req = reqs.get(id);
      if (req && req.phase !== 'closed' && !req.wantsChallenge) reopen(req);
    },
    /** The relay responded to something. */
    onResponse(): void {
      isResponsive = true;
    },
    onEvent(id: string, event: unknown, bytes: number): void {
      const req = reqs.get(id);
      if (!req) return void lateEvents.onEvent(id, event);
      if (!isAskedBy(req, event)) return void (lateEvents.onEvent(id, event) || drop(req, event, bytes));
      if (req.phase === 'sent') req.phase = 'live';
      req.spec.onEvent(event, bytes);
    },
    /** An event for this REQ could not be read. */
    onUnreadable(id: string, bytes: number): void {
      reqs.get(id)?.spec.onDropped(null, bytes);
    },
    onEose(id: string, hint: EoseHint): void {
      const req = reqs.get(id);
      // A repeated EOSE has no effect.
      if (!req || req.phase === 'complete' || req.phase === 'closed') return;
      req.cancel();
      Object.assign(req, { phase: 'complete', wasDuplicate: false, wantsChallenge: false });
      req.spec.onEose(hint);
    },
    onClosed(id: string, reason: string): void {
      const req = reqs.get(id);
      if (!req || req.phase === 'closed') return;
      const isRepeated = reasonPrefix(reason) === 'duplicate';
      if (!isRepeated || req.wasDuplicate) return void refuse(req, reason);
      // It got our REQ twice. Whether it still serves the first one, it does not say.
      req.wasDuplicate = true;
      reopen(req);
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

const isAskedBy = ({ filters }: Req, event: unknown): boolean =>
  filters.some((filter) => matchesFilter(filter, event));

/** Returns how long we wait for the first response. @param isResponsive whether the relay responded to something else */
function patienceMs({ notice }: Req, tries: number, isResponsive: boolean): number {
  const isSlow = isResponsive && notice === null;
  return (isSlow ? nostrLimits.reply.reqSlowMs : nostrLimits.reply.reqMs) * 2 ** (tries - 1);
}

/** Returns the pause before a refused permanent subscription is sent again. */
function retryPauseMs(isFinal: boolean, reason: string): number {
  if (isFinal) return nostrLimits.backoff.refusedHours * hourMs;
  const isRateLimited = reasonPrefix(reason) === 'rate-limited';
  return (
    (isRateLimited ? nostrLimits.reply.reqRateLimitedSeconds : nostrLimits.reply.reqClosedSeconds) * 1000
  );
}
