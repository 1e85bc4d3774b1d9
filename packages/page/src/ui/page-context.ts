import type { Signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { PageState } from '../state/index.ts';
import type { Session } from '../state/session.ts';
import type { Route } from './route.ts';

export interface Page extends PageState {
  readonly session: Session;
  readonly route: Signal<Route>;
  /** Milliseconds since 1970, moved on now and then: times on the page are relative to it. */
  readonly now: Signal<number>;
}

export const PageContext = createContext<Page | null>(null);

/** What the page knows and can do. */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('A component outside of the page.');
  return page;
}
