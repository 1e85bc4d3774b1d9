import { limits, type RelayDetails, type RelayState } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { useState } from 'preact/hooks';
import { Latency } from '../plots/latency.tsx';
import { localTime, shownMs } from './format.ts';
import { shownRelay } from './labels.ts';
import { usePage } from './page-context.ts';
import { ActionButton, Empty, Pill, type Tone } from './parts.tsx';
import { Theirs } from './theirs.tsx';

const stateTone: Readonly<Record<RelayState, Tone>> = {
  connected: 'good',
  connecting: 'quiet',
  disconnected: 'warn',
  auth_required: 'warn',
  auth_failed: 'bad',
  restricted: 'bad',
  payment_required: 'bad',
  misbehaving: 'bad',
};

/** The relays in use, what each does with messages, and how fast it is. */
export function Relays() {
  const { data } = usePage();
  const relays = data.relays.value;
  return (
    <>
      {relays?.length === 0 && (
        <Empty title="No relay is in use.">Add one below: agents meet on relays.</Empty>
      )}
      <ul class="cards">
        {relays?.map((relay) => (
          <li key={relay.url}>
            <RelayCard relay={relay} />
          </li>
        ))}
      </ul>
      <AddRelay />
    </>
  );
}

function RelayCard({ relay }: { relay: RelayDetails }) {
  const { actions, now } = usePage();
  const { url, role, state, keeps, forwards, keeps_presence, catch_up, last_error, dates } = relay;
  const name = shownRelay(url);
  return (
    <article class="card relay" aria-label={`Relay ${name}`}>
      <h2 class="url">{name}</h2>
      <p class="list">
        <Pill tone={stateTone[state]}>{state.replace('_', ' ')}</Pill>
        {role === 'foreign' && <Pill tone="quiet">of a peer</Pill>}
        {dates !== 'any' && <Pill tone={dates === 'none' ? 'bad' : 'quiet'}>dates: {dates}</Pill>}
        {catch_up === 'incomplete' && <Pill tone="warn">has more than it sends</Pill>}
      </p>
      <dl class="facts">
        <Answer question="Keeps messages" finding={keeps} />
        <Answer question="Forwards messages" finding={forwards} />
        <Answer question="Keeps presence" finding={keeps_presence} />
      </dl>
      {last_error && state !== 'connected' && (
        <p>
          <Theirs text={last_error} />
        </p>
      )}
      {relay.rests_until && <p class="quiet small">Tried again {localTime(relay.rests_until, now.value)}.</p>}
      <Latency url={url} now={shownMs(relay.round_trip_ms)} />
      {role === 'own' && (
        <p class="actions">
          <ActionButton label={`Test ${name}`} run={() => actions.testRelay(url)}>
            Test
          </ActionButton>
          <ActionButton kind="danger" label={`Remove ${name}`} run={() => actions.removeRelay(url)}>
            Remove
          </ActionButton>
        </p>
      )}
    </article>
  );
}

const answers = { yes: ['good', 'yes'], no: ['bad', 'no'], unknown: ['quiet', 'not tested yet'] } as const;

function Answer({ question, finding }: { question: string; finding: RelayDetails['keeps'] }) {
  const [tone, text] = answers[finding.answer];
  return (
    <div>
      <dt>{question}</dt>
      <dd>
        <Pill tone={tone}>{text}</Pill> {finding.reason && <Theirs text={finding.reason} />}
      </dd>
    </div>
  );
}

function AddRelay() {
  const { actions } = usePage();
  const [url, setUrl] = useState('');
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        const text = cleanLine(url, limits.relay.urlChars);
        if (text !== '') void actions.addRelay(text).then((done) => done && setUrl(''));
      }}
    >
      <h2>Add a relay</h2>
      <label for="relay-url">Address</label>
      <input
        id="relay-url"
        value={url}
        placeholder="wss://relay.example.org"
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setUrl(currentTarget.value)}
      />
      <p>
        <button type="submit">Add</button>
      </p>
    </form>
  );
}
