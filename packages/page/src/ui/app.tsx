import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Figures } from '../plots/figures.tsx';
import { Announcer } from './announcer.tsx';
import { Conversations } from './conversations.tsx';
import { healthOf } from './health.ts';
import { shownName } from './labels.ts';
import { Overview } from './overview.tsx';
import { type Page, PageContext, usePage } from './page-context.ts';
import { Pill, Prose } from './parts.tsx';
import { Peers } from './peers.tsx';
import { PolicyView } from './policy.tsx';
import { Relays } from './relays.tsx';
import { Requests } from './requests.tsx';
import { linkTo, type Section, sections } from './route.ts';
import { SignedOut } from './signed-out.tsx';

const views: Readonly<Record<Section, { readonly title: string; readonly View: ComponentType }>> = {
  overview: { title: 'Overview', View: Overview },
  conversations: { title: 'Conversations', View: Conversations },
  requests: { title: 'Requests', View: Requests },
  peers: { title: 'Peers', View: Peers },
  relays: { title: 'Relays', View: Relays },
  policy: { title: 'Policy', View: PolicyView },
  figures: { title: 'Figures', View: Figures },
};

/** The whole page. */
export function App({ page }: { page: Page }) {
  const state = page.session.state.value;
  return (
    <PageContext.Provider value={page}>
      {state === 'signed_in' ? <SignedIn /> : state === 'signed_out' ? <SignedOut /> : null}
    </PageContext.Provider>
  );
}

function SignedIn() {
  const { route } = usePage();
  const { section, pubkey } = route.value;
  const { title, View } = views[section];
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} – ocmesh`;
    // A change of section is like a new page: the keyboard continues at its title.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [section, pubkey === null]);
  return (
    <>
      <button type="button" class="skip" onClick={() => heading.current?.focus()}>
        Skip to the content
      </button>
      <Header />
      <Navigation />
      <main id="main">
        <h1 tabIndex={-1} ref={heading}>
          {title}
        </h1>
        <View />
        <footer class="quiet small">“Quoted” words are those of others. They are never links.</footer>
      </main>
      <Notices />
      <Announcer />
    </>
  );
}

function Header() {
  const { data, session } = usePage();
  const { tone, title } = healthOf(data.status.value, data.link.value);
  return (
    <header class="top">
      <span class="brand">ocmesh</span>
      <span class="who">{shownName(data.identity.value?.name)}</span>
      <Pill tone={tone}>{title}</Pill>
      <button type="button" class="plain" onClick={() => void session.signOut()}>
        Sign out
      </button>
    </header>
  );
}

function Navigation() {
  const { data, route } = usePage();
  const status = data.status.value;
  const badges: Partial<Record<Section, number | undefined>> = {
    conversations: status?.unread_count,
    requests: status?.request_count,
  };
  return (
    <nav class="sections" aria-label="Sections">
      <ul>
        {sections.map((section) => (
          <li key={section}>
            <a href={linkTo(section)} aria-current={route.value.section === section ? 'page' : undefined}>
              {views[section].title}
              {!!badges[section] && <span class="badge">{badges[section]}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Milliseconds for which a notice that something worked stays. */
const DONE_MS = 5_000;

function Notices() {
  const { notice } = usePage().actions;
  const shown = notice.value;
  useEffect(() => {
    if (shown?.kind !== 'done') return;
    const timer = setTimeout(() => {
      notice.value = null;
    }, DONE_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="notices" role={shown?.kind === 'failed' ? 'alert' : 'status'}>
      {shown && (
        <p class={`toast ${shown.kind}`}>
          <span>
            {shown.text} {shown.step && <Prose text={shown.step} />}
          </span>
          <button
            type="button"
            class="plain"
            onClick={() => {
              notice.value = null;
            }}
          >
            Close
          </button>
        </p>
      )}
    </div>
  );
}
