import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import { closeFrame, type Filter, reasonPrefix, reqFrame } from '@ocmesh/shared/wire';
import type { QueryResult, Subscription } from '../../core/ports/relay-network.ts';

const REQ_TRIES = 3;
/** Pause before a subscription that the relay closed is asked again. */
const RATE_LIMITED_MS = 60_000;
const REFUSED_MS = 300_000;
const QUERY_MS = 30_000;
/** Events that one query may bring; the relay's own limit is usually 500. */
const QUERY_EVENTS = 5_000;

interface Req {
  readonly id: string;
  readonly filters: () => readonly Filter[];
  onEvent(event: unknown): void;
  onEose(): void;
  /** The relay refused for good, or the connection is gone. */
  onEnd(reason: string): void;
  readonly standing: boolean;
  answered: boolean;
  authTried: boolean;
  /** Refused for want of NIP-42, before there was a challenge that could be answered. */
  wantsChallenge: boolean;
  cancel: Cancel;
}

export interface SubscriptionsDeps {
  readonly clock: Clock;
  readonly send: (frame: string) => boolean;
  /** Hangs up: the relay does not answer what it must. */
  readonly giveUp: (reason: string) => void;
  /** Whether the relay took our NIP-42 answer. */
  readonly authenticate: () => Promise<boolean>;
  readonly onEvent: (event: unknown) => void;
  readonly onSubscribed: (name: string) => void;
  readonly onRefused: (name: string, reason: string) => void;
}

/** The REQs of one relay: standing ones, asked again after every break, and queries that end with their EOSE. */
export function createSubscriptions(deps: SubscriptionsDeps) {
  const { clock, send } = deps;
  const reqs = new Map<string, Req>();
  let queries = 0;

  function fire(req: Req, tries = 1): void {
    req.answered = false;
    req.wantsChallenge = false;
    req.cancel();
    if (!send(reqFrame(req.id, req.filters()))) return;
    // Some relays lose a REQ that is sent right at open.
    req.cancel = clock.after(limits.relayReqMs, () => {
      if (req.answered || reqs.get(req.id) !== req) return;
      if (tries < REQ_TRIES) fire(req, tries + 1);
      else deps.giveUp('no answer to a subscription');
    });
  }

  async function closed(req: Req, reason: string): Promise<void> {
    req.cancel();
    const prefix = reasonPrefix(reason);
    // Noted before the wait: the challenge may come right behind the refusal.
    req.wantsChallenge = prefix === 'auth-required' || prefix === 'restricted';
    if (req.wantsChallenge && !req.authTried) {
      req.authTried = true;
      const taken = await deps.authenticate();
      // The connection may have broken meanwhile: then nothing of this may live on.
      if (reqs.get(req.id) !== req) return;
      if (taken) return fire(req);
    }
    if (!req.standing) return req.onEnd(reason);
    deps.onRefused(req.id, reason);
    req.authTried = false;
    req.cancel = clock.after(prefix === 'rate-limited' ? RATE_LIMITED_MS : REFUSED_MS, () => fire(req));
  }

  return {
    /** On a fresh connection. */
    open(standing: readonly Subscription[]): void {
      for (const { name, filters } of standing) {
        const req: Req = {
          id: name,
          filters,
          standing: true,
          answered: false,
          authTried: false,
          wantsChallenge: false,
          cancel: () => {},
          onEvent: deps.onEvent,
          onEose: () => deps.onSubscribed(name),
          onEnd: () => {},
        };
        reqs.set(name, req);
        fire(req);
      }
    },

    query(filters: readonly Filter[]): Promise<QueryResult> {
      return new Promise((resolve) => {
        const events: unknown[] = [];
        const id = `q${++queries}`;
        const end = (complete: boolean): void => {
          req.cancel();
          cancelDeadline();
          if (!reqs.delete(id)) return;
          send(closeFrame(id));
          resolve({ complete, events, tooLarge: events.length >= QUERY_EVENTS });
        };
        const cancelDeadline = clock.after(QUERY_MS, () => end(false));
        const req: Req = {
          id,
          filters: () => filters,
          standing: false,
          answered: false,
          authTried: false,
          wantsChallenge: false,
          cancel: () => {},
          onEvent: (event) => {
            events.push(event);
            if (events.length >= QUERY_EVENTS) end(false);
          },
          onEose: () => end(true),
          onEnd: () => end(false),
        };
        reqs.set(id, req);
        fire(req);
      });
    },

    onEvent(id: string, event: unknown): void {
      const req = reqs.get(id);
      if (!req) return;
      req.answered = true;
      req.onEvent(event);
    },
    onEose(id: string): void {
      const req = reqs.get(id);
      if (!req) return;
      req.answered = true;
      req.cancel();
      req.onEose();
    },
    onClosed(id: string, reason: string): void {
      const req = reqs.get(id);
      if (!req) return;
      req.answered = true;
      void closed(req, reason);
    },
    /** A new challenge came: what was refused without one is worth another try. */
    async onChallenge(): Promise<void> {
      const refused = [...reqs.values()].filter((req) => req.wantsChallenge);
      if (refused.length === 0 || !(await deps.authenticate())) return;
      for (const req of refused) if (reqs.get(req.id) === req && req.wantsChallenge) fire(req);
    },
    /** The connection is gone. */
    reset(): void {
      for (const req of [...reqs.values()]) {
        req.cancel();
        req.onEnd('the connection broke');
      }
      reqs.clear();
    },
  };
}
