import { useEffect, useState } from 'preact/hooks';
import type { Activity } from '../state/sync.ts';
import { worstReason } from './health.ts';
import { plainLabel } from './labels.ts';
import { type Page, usePage } from './page-context.ts';

/** Milliseconds for which news are gathered, so that a screen reader is not interrupted by each. */
const GATHER_MS = 1_500;

/** Says to screen readers what happened: messages, requests, and changes of health. */
export function Announcer() {
  const page = usePage();
  const [text, setText] = useState('');
  useEffect(() => {
    let news: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = page.onActivity((activity) => {
      const line = lineFor(activity, page);
      if (line === null) return;
      news.push(line);
      timer ??= setTimeout(() => {
        setText(news.length > 3 ? `${news.length} news. The last: ${news.at(-1)}` : news.join(' '));
        news = [];
        timer = undefined;
      }, GATHER_MS);
    });
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, []);
  return (
    <p class="hidden" aria-live="polite" data-announcer>
      {text}
    </p>
  );
}

function lineFor({ event, data }: Activity, page: Page): string | null {
  const label = (pubkey: string): string => plainLabel(pubkey, page.data.peers.get(pubkey));
  if (event === 'message.received') return `New message from ${label(data.from)}.`;
  if (event === 'request.waiting') return `${label(data.pubkey)} waits for your decision.`;
  if (event === 'conversation.paused') return `The conversation with ${label(data.pubkey)} is paused.`;
  if (event === 'status.changed') return worstReason(data) ?? 'The daemon is well again.';
  return null;
}
