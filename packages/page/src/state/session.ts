import { signal } from '@preact/signals';
import type { PageFetch } from './page-api.ts';

/** Where the key of the session is kept: `sessionStorage`, which ends with the tab. */
export interface KeyStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export type SessionState = 'checking' | 'signed_in' | 'signed_out';

export type Session = ReturnType<typeof createSession>;

const KEY = 'ocmesh-page-key';
const PATH = '/page/session';

/** The one-time code in a fragment like `#code=…`; null if there is none. */
export const codeIn = (fragment: string): string | null =>
  /^#code=([A-Za-z0-9_-]{1,128})$/.exec(fragment)?.[1] ?? null;

/** Signs this tab in with a one-time code, and remembers the key that its requests carry. */
export function createSession(fetch: PageFetch, store: KeyStore) {
  const state = signal<SessionState>('checking');
  /** The code was used before, or is too old. */
  const codeRefused = signal(false);

  const headers = (): Record<string, string> => {
    const key = store.getItem(KEY);
    return key === null ? {} : { 'ocmesh-page': key };
  };

  async function exchange(code: string): Promise<boolean> {
    const response = await fetch(PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    const { key } = response.ok ? ((await response.json()) as { key?: unknown }) : {};
    if (typeof key !== 'string') return false;
    store.setItem(KEY, key);
    return true;
  }

  async function isSignedIn(): Promise<boolean> {
    if (store.getItem(KEY) === null) return false;
    const response = await fetch(PATH, { method: 'GET', headers: headers() });
    if (!response.ok) return false;
    return ((await response.json()) as { signed_in?: unknown }).signed_in === true;
  }

  function end(): void {
    store.removeItem(KEY);
    state.value = 'signed_out';
  }

  return {
    state,
    codeRefused,
    key: (): string | null => store.getItem(KEY),
    end,

    /** Signs in with a code, or finds out whether this tab is signed in already. */
    async start(code: string | null): Promise<void> {
      codeRefused.value = false;
      try {
        if (code !== null && !(await exchange(code))) codeRefused.value = true;
        if (await isSignedIn()) state.value = 'signed_in';
        else end();
      } catch {
        // The daemon is not running: the tab keeps its key, which may still be valid.
        state.value = 'signed_out';
      }
    },

    async signOut(): Promise<void> {
      await fetch(PATH, { method: 'DELETE', headers: headers() }).catch(() => {});
      end();
    },
  };
}
