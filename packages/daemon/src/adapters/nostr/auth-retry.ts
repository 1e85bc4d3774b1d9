import { reasonPrefix } from '@ocmesh/shared/wire';
import type { Req } from './req.ts';

/** Sends REQs again that a relay refused until we authenticate. */
export function createAuthRetry(deps: {
  /** Open REQs by id. */
  readonly reqs: ReadonlyMap<string, Req>;
  readonly isOpen: (req: Req) => boolean;
  /** Resolves to whether the relay accepted our AUTH. */
  readonly authenticate: () => Promise<boolean>;
  readonly resend: (req: Req) => void;
}) {
  const { reqs, isOpen, authenticate, resend } = deps;
  let hasNewChallenge = false;
  let isResponding = false;

  return {
    /** Authenticates if the refusal asks for it. Resolves to whether the REQ was sent again. */
    async retry(req: Req, reason: string): Promise<boolean> {
      const prefix = reasonPrefix(reason);
      if (prefix !== 'auth-required' && prefix !== 'restricted') return false;
      // Noted before the wait: the challenge may come right behind the refusal.
      req.wantsChallenge = true;
      if (req.authTried) return false;
      req.authTried = true;
      const { phase } = req;
      if (!(await authenticate()) || !isOpen(req) || req.phase !== phase) return false;
      resend(req);
      return true;
    },
    /** Retries what was refused before there was a challenge. */
    async onChallenge(): Promise<void> {
      hasNewChallenge = true;
      // Once per challenge: a relay may forget who we are, and ask again.
      for (const req of reqs.values()) req.authTried = false;
      // However many challenges come meanwhile, one response is under way.
      if (isResponding) return;
      isResponding = true;
      while (hasNewChallenge) {
        hasNewChallenge = false;
        const refused = [...reqs.values()].filter((req) => req.wantsChallenge);
        if (refused.length === 0 || !(await authenticate())) continue;
        for (const req of refused) if (isOpen(req) && req.wantsChallenge) resend(req);
      }
      isResponding = false;
    },
  };
}
