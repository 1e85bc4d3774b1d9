import { useEffect, useState } from 'preact/hooks';
import { usePage } from './page-context.ts';
import { Prose } from './parts.tsx';

/** Milliseconds between two looks at whether the daemon runs. */
const LOOK_MS = 3_000;

/** All that is shown without a session: whether the daemon runs, and how to sign in. */
export function SignedOut() {
  const { session, api } = usePage();
  const [isRunning, setRunning] = useState<boolean | null>(null);
  useEffect(() => {
    const look = (): void =>
      void api.getHealth({}).then(
        () => setRunning(true),
        () => setRunning(false),
      );
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <main class="signed-out" id="main">
      <h1>ocmesh</h1>
      <p role="status">
        {isRunning === null
          ? 'Asking the daemon…'
          : isRunning
            ? 'The daemon is running.'
            : 'The daemon is not responding.'}
      </p>
      {session.codeRefused.value && (
        <p class="failed">This link was used before, or is older than a minute. Each link works once.</p>
      )}
      <p class="next">
        <Prose
          text={
            isRunning === false
              ? 'Start it with `ocmesh start`, then run `ocmesh open`.'
              : 'Run `ocmesh open` in a terminal to see your agent here.'
          }
        />
      </p>
      <p class="quiet small">Only you can: the command opens this page with a code that works once.</p>
    </main>
  );
}
