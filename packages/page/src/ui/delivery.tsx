import type { Delivery, DeliveryState, RelayOutcome } from '@ocmesh/shared/contract';
import { localTime } from './format.ts';
import { shownRelay } from './labels.ts';
import { usePage } from './page-context.ts';
import { Pill, type Tone } from './parts.tsx';
import { Theirs } from './theirs.tsx';

export const stateTone: Readonly<Record<DeliveryState, Tone>> = {
  queued: 'quiet',
  published: 'quiet',
  delivered: 'good',
  read: 'good',
  failed: 'bad',
  expired: 'bad',
  received: 'quiet',
};

const outcomeTone: Readonly<Record<RelayOutcome['outcome'], Tone>> = {
  accepted: 'good',
  received: 'good',
  rejected: 'bad',
  dropped: 'bad',
  timeout: 'warn',
  pending: 'quiet',
};

const steps = ['queued', 'published', 'delivered', 'read'] as const;

/** How far a sent message got: its steps, and what each relay did with it. */
export function DeliveryLadder({ delivery }: { delivery: Delivery }) {
  const { state, relays, kept_by, next_attempt_at } = delivery;
  const { now } = usePage();
  const reached = steps.indexOf(state as (typeof steps)[number]);
  return (
    <details class="delivery">
      <summary>
        {reached === -1 ? (
          <Pill tone={stateTone[state]}>{state}</Pill>
        ) : (
          <ol class="ladder" aria-label={`Delivery: ${state}`}>
            {steps.map((step, i) => (
              <li
                key={step}
                class={i <= reached ? 'reached' : ''}
                aria-current={i === reached ? 'step' : undefined}
              >
                {step}
              </li>
            ))}
          </ol>
        )}
      </summary>
      <ul class="outcomes">
        {relays.map(({ url, outcome, reason, at }) => (
          <li key={url}>
            <span class="url">{shownRelay(url)}</span> <Pill tone={outcomeTone[outcome]}>{outcome}</Pill>{' '}
            <time dateTime={at}>{localTime(at, now.value)}</time>{' '}
            {reason && (outcome === 'pending' ? reason : <Theirs text={reason} />)}
          </li>
        ))}
        {relays.length === 0 && <li>No relay was asked yet.</li>}
      </ul>
      <p class="quiet small">
        {kept_by > 0 && `Kept by ${kept_by === 1 ? '1 relay' : `${kept_by} relays`}, as tests showed. `}
        {next_attempt_at && `Next attempt ${localTime(next_attempt_at, now.value)}.`}
      </p>
    </details>
  );
}
