import { type Handlers, OcmeshError } from '@ocmesh/shared/contract';
import { signal } from '@preact/signals';

/** Where the key of the session is kept: `sessionStorage`, which ends with the tab. */
export interface KeyStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export type SessionState = 'checking' | 'signed_in' | 'signed_out';

export type Session = ReturnType<typeof createSession>;

const KEY = 'ocmesh-page-key';

/** The key of this tab's session; null if it has none. */
export const readKey = (store: KeyStore): string | null => store.getItem(KEY);

/** The one-time code in a fragment like `#code=…`; null if there is none. */
export const codeIn = (fragment: string): string | null =>
  /^#code=([A-Za-z0-9_-]{1,128})$/.exec(fragment)?.[1] ?? null;

/** Signs this tab in with a one-time code, and remembers the key that its requests carry. */
export function createSession(
  api: Pick<Handlers, 'getPageSession' | 'openPageSession' | 'closePageSession'>,
  store: KeyStore,
) {
  const state = signal<SessionState>('checking');
  /** The code was used before, or is too old. */
  const codeRefused = signal(false);

  async function exchange(code: string): Promise<void> {
    try {
      store.setItem(KEY, (await api.openPageSession({ code })).key);
    } catch (error) {
      if (error instanceof OcmeshError && error.code === 'daemon_down') throw error;
      codeRefused.value = true;
    }
  }

  function end(): void {
    store.removeItem(KEY);
    state.value = 'signed_out';
  }

  return {
    state,
    codeRefused,
    end,

    /** Signs in with a code, or finds out whether this tab is signed in already. */
    async start(code: string | null): Promise<void> {
      codeRefused.value = false;
      try {
        if (code !== null) await exchange(code);
        if (readKey(store) !== null && (await api.getPageSession({})).signed_in) state.value = 'signed_in';
        else end();
      } catch {
        // The daemon is not running: the tab keeps its key, which may still be valid.
        state.value = 'signed_out';
      }
    },

    async signOut(): Promise<void> {
      await api.closePageSession({}).catch(() => {});
      end();
    },
  };
}
