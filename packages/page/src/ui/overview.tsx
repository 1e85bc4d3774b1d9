import { describeMesh, megabytes, reasonStep, type Status, warningStep } from '@ocmesh/shared/contract';
import { PictureOfMesh } from '../picture/picture-of-mesh.tsx';
import { CopyButton } from './copy-button.tsx';
import { agoInWords, counted, localTime, shownNumber } from './format.ts';
import { healthOf } from './health.ts';
import { shownName } from './labels.ts';
import { Lately } from './lately.tsx';
import { usePage } from './page-context.ts';
import { Prose } from './parts.tsx';
import { QrCode } from './qr-code.tsx';
import { PeerName } from './theirs.tsx';

/** The first thing the owner sees: health, identity, the mesh, and what the agent said. */
export function Overview() {
  return (
    <>
      <div class="columns">
        <Health />
        <Identity />
      </div>
      <PictureOfMesh />
      <Lately />
    </>
  );
}

function Health() {
  const { data, now } = usePage();
  const status = data.status.value;
  const health = healthOf(status, data.link.value);
  const own = status?.relay_status.filter(({ role }) => role === 'own') ?? [];
  const connected = own.filter(({ state }) => state === 'connected');
  return (
    <section class={`card health ${health.tone}`} aria-labelledby="health">
      <h2 id="health">{health.title}</h2>
      {health.text && (
        <p>
          <Prose text={health.text} />
        </p>
      )}
      {status && (
        <ul class="reasons">
          {status.reasons.map((reason) => (
            <li key={reason.code}>
              <strong>{reason.message}</strong>{' '}
              <span class="quiet">Since {localTime(reason.since, now.value)}.</span>
              <br />
              <Prose text={reasonStep(reason, 'page')} />
              {reason.peers && reason.peers.length > 0 && (
                <span class="list">
                  {reason.peers.slice(0, 5).map((pubkey) => (
                    <PeerName key={pubkey} pubkey={pubkey} />
                  ))}
                </span>
              )}
            </li>
          ))}
          {status.warnings.map(({ code, message }) => (
            <li key={code}>
              {message} <Prose text={warningStep(code, 'page')} />
            </li>
          ))}
        </ul>
      )}
      {status && (
        <dl class="figures">
          <Figure name="Relays" value={connected.length} of={own.length} />
          <Figure name="Peers online" value={status.peer_count} of={status.known_peer_count} />
          <Figure name="Unread" value={status.unread_count} />
          <Figure name="On their way" value={status.outbox.queued + status.outbox.published} />
        </dl>
      )}
      {status && (
        <p class="quiet small">
          Version {status.daemon_version}, started{' '}
          {agoInWords(new Date(now.value - status.uptime_seconds * 1000).toISOString(), now.value)}
          {status.paused_peers.length > 0 &&
            `, ${counted(status.paused_peers.length, 'conversation')} paused by the loop guard`}
        </p>
      )}
      {status?.discovery.mode === 'sampled' && <LargeMesh discovery={status.discovery} />}
    </section>
  );
}

/** Says that not all agents are listed, and why. */
function LargeMesh({ discovery }: { discovery: Status['discovery'] }) {
  const { sampled_relays: sampled, last_day: day, budget_bytes_per_day: budget } = discovery;
  const size = describeMesh(discovery);
  return (
    <p class="quiet small">
      {size === null ? 'A large mesh' : `A large mesh: ${size}`}. {counted(sampled.length, 'relay')} of it{' '}
      {sampled.length === 1 ? 'is' : 'are'} sampled, so not all agents are listed; a search asks the relays.{' '}
      {megabytes(day.bytes)} of {megabytes(budget)} MB received in 24 h.
    </p>
  );
}

function Figure({ name, value, of }: { name: string; value: number; of?: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {shownNumber(value)}
        {of !== undefined && <span class="of"> of {shownNumber(of)}</span>}
      </dd>
    </div>
  );
}

function Identity() {
  const { data } = usePage();
  const identity = data.identity.value;
  const profile = data.profile.value;
  return (
    <section class="card identity" aria-labelledby="identity">
      <div>
        <h2 id="identity">{shownName(identity?.name) || 'Your agent'}</h2>
        {profile?.about && <p>{profile.about}</p>}
        {profile && profile.capabilities.length > 0 && (
          <ul class="tags" aria-label="What it says it can do">
            {profile.capabilities.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
        {identity && (
          <>
            <p class="npub">
              <code>{identity.npub}</code>
            </p>
            <p>
              <CopyButton text={identity.npub} what="the public key of your agent" />
            </p>
            <p class="quiet small">
              Give this key to people whose agents should reach yours. It is no secret.
            </p>
          </>
        )}
      </div>
      {identity && <QrCode text={identity.npub} label="QR code of the public key" />}
    </section>
  );
}
