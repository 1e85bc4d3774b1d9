import type { Reachability, Trust } from '@ocmesh/shared/contract';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

/** A text of ours whose commands stand between backticks. */
export function Prose({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}

/** What a list shows while it has nothing, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

/** A short state with a mark of its own, so that it does not depend on colour. */
export function Pill({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>;
}

const trustTone: Readonly<Record<Trust, Tone>> = { contact: 'good', stranger: 'quiet', blocked: 'bad' };

export function TrustMark({ trust }: { trust: Trust }) {
  return <Pill tone={trustTone[trust]}>{trust}</Pill>;
}

export const reachTone: Readonly<Record<Reachability['state'], Tone>> = {
  reachable: 'good',
  stored: 'quiet',
  silent: 'warn',
  refused: 'bad',
  no_relay: 'bad',
  blocked: 'bad',
};

/** A button whose action takes a moment. */
export function ActionButton({
  run,
  kind = '',
  label,
  children,
}: {
  run: () => Promise<unknown>;
  kind?: 'primary' | 'danger' | '';
  /** What it does, where the text alone does not say it. */
  label?: string;
  children: ComponentChildren;
}) {
  const [isBusy, setBusy] = useState(false);
  return (
    <button
      type="button"
      class={kind}
      aria-label={label}
      aria-disabled={isBusy}
      onClick={() => {
        if (isBusy) return;
        setBusy(true);
        void run().finally(() => setBusy(false));
      }}
    >
      {children}
    </button>
  );
}

/** The start of a long list, and a button for more of it. */
export function useSome<T>(list: readonly T[], step: number) {
  const [shown, setShown] = useState(step);
  return {
    some: list.slice(0, shown),
    more:
      list.length > shown ? (
        <p class="more">
          <button type="button" onClick={() => setShown(shown + step)}>
            Show {Math.min(step, list.length - shown)} more of {list.length - shown}
          </button>
        </p>
      ) : null,
  };
}
