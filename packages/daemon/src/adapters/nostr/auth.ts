import { type Cancel, type Clock, minuteMs, toUnixSec } from '@ocmesh/shared/ambient';
import { type EventDraft, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';
import type { AuthResult } from './refused-state.ts';

const untried: AuthResult = { outcome: 'none', words: '' };

export interface Authentication {
  onChallenge(challenge: string): void;
  hasChallenge(): boolean;
  /** Answers the challenge: once, shared by everybody who needs it. Whether the relay took it. */
  authenticate(): Promise<boolean>;
  result(): AuthResult;
  /** A refusal may be out of date: the next one who needs it asks again. */
  renew(): void;
  /** The connection is gone. */
  reset(): void;
}

/** NIP-42 on one relay. A refusal is a state, not an exception. */
export function createAuthentication(deps: {
  readonly url: string;
  readonly clock: Clock;
  readonly sign: (draft: EventDraft) => NostrEvent;
  readonly send: (answer: NostrEvent) => Promise<PublishOutcome>;
  readonly onRefused: (words: string) => void;
}): Authentication {
  const { url, clock, sign, send, onRefused } = deps;
  let challenge: string | null = null;
  let answer: Promise<boolean> | null = null;
  let result = untried;
  /** When the last answers were signed. Outlives the connection: a flapping relay signs us no blank cheque. */
  let signedAt: number[] = [];
  let isWaiting = false;
  let endWait = (): void => {};

  async function respond(): Promise<boolean> {
    await myTurn();
    if (challenge === null) return false;
    signedAt.push(clock.monotonic());
    const event = sign({
      kind: kinds.clientAuth,
      created_at: toUnixSec(clock.now()),
      tags: [
        ['relay', url],
        ['challenge', challenge],
      ],
      content: '',
    });
    const answered = await send(event);
    if (answered.outcome === 'offline') return false;
    const isTaken = answered.outcome === 'accepted';
    const words = isTaken ? '' : (answered.reason ?? answered.outcome);
    result = { outcome: isTaken ? 'accepted' : 'refused', words };
    if (!isTaken) onRefused(words);
    return isTaken;
  }

  /** Signatures are rationed: what waits answers the challenge that is the last one by then. */
  async function myTurn(): Promise<void> {
    signedAt = signedAt.filter((at) => clock.monotonic() - at < minuteMs);
    const [first] = signedAt;
    if (first === undefined || signedAt.length < nostrLimits.authsPerMinute) return;
    isWaiting = true;
    await new Promise<void>((resolve) => {
      const cancel: Cancel = clock.after(first + minuteMs - clock.monotonic(), resolve);
      endWait = () => {
        cancel();
        resolve();
      };
    });
    isWaiting = false;
  }

  return {
    onChallenge(text) {
      challenge = text;
      if (!isWaiting) answer = null;
    },
    hasChallenge: () => challenge !== null,
    authenticate() {
      if (challenge === null) return Promise.resolve(false);
      answer ??= respond();
      return answer;
    },
    result: () => result,
    renew() {
      if (result.outcome === 'refused') answer = null;
    },
    reset() {
      challenge = null;
      answer = null;
      result = untried;
      endWait();
    },
  };
}
