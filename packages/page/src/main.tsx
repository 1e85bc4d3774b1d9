import { signal } from '@preact/signals';
import { render } from 'preact';
import { createPageState } from './state/index.ts';
import { createPageApi, type PageFetch } from './state/page-api.ts';
import type { PagePorts } from './state/ports.ts';
import { codeIn, createSession, readKey } from './state/session.ts';
import { App } from './ui/app.tsx';
import { routeIn } from './ui/route.ts';

/** Milliseconds after which "5 min ago" is written again. */
const NOW_MS = 20_000;

const ports: PagePorts = {
  clock: {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  },
  isVisible: () => document.visibilityState === 'visible',
  onVisible(run) {
    const onChange = (): void => {
      if (document.visibilityState === 'visible') run();
    };
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  },
};

/** Takes the one-time code out of the address, before anything else can see it. */
function takeCode(): string | null {
  const code = codeIn(location.hash);
  if (location.hash.startsWith('#code=')) history.replaceState(null, '', location.pathname);
  return code;
}

function start(): void {
  const code = takeCode();
  const pageFetch: PageFetch = (url, init) => fetch(url, { ...init, cache: 'no-store' });
  const api = createPageApi(pageFetch, () => readKey(sessionStorage));
  const session = createSession(api, sessionStorage);
  const newKey = (): string => crypto.randomUUID();
  const create = () => createPageState({ api, ports, newKey, onSessionEnd: session.end });
  let state = create();
  const route = signal(routeIn(location.hash));
  const now = signal(ports.clock.now());
  setInterval(() => {
    now.value = ports.clock.now();
  }, NOW_MS);
  const app = document.getElementById('app') as HTMLElement;
  const show = (): void => render(<App page={{ ...state, session, route, now }} />, app);

  addEventListener('hashchange', () => {
    const late = takeCode();
    if (late !== null) void session.start(late);
    route.value = routeIn(location.hash);
  });
  session.state.subscribe((is) => {
    if (is === 'signed_in') state.start();
    if (is !== 'signed_out') return;
    // Nothing of the owner stays in the tab.
    state.stop();
    state = create();
    show();
  });
  show();
  void session.start(code);
}

start();
