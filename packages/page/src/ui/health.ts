import { reasonStep, type Status } from '@ocmesh/shared/contract';
import type { Link } from '../state/mesh-data.ts';
import type { Tone } from './parts.tsx';

export interface Health {
  readonly tone: Tone;
  readonly title: string;
  /** One sentence below; may hold commands between backticks. */
  readonly text: string;
}

/** Reasons because of which the agent reaches nobody. */
const offMesh: readonly string[] = ['no_relay', 'proxy_down', 'no_dm_relay'];

/** A fresh daemon has seen most agents within this time. */
const FIRST_SECONDS = 120;

/** Whether the agent is on the mesh, in a few words. */
export function healthOf(status: Status | null, link: Link): Health {
  if (link === 'lost')
    return {
      tone: 'bad',
      title: 'The daemon is not responding',
      text: 'Start it with `ocmesh start`. This page connects again by itself; what it shows is from before.',
    };
  if (!status) return { tone: 'quiet', title: 'Asking the daemon…', text: '' };
  if (status.degraded) {
    const isOff = status.reasons.some(({ code }) => offMesh.includes(code));
    return {
      tone: 'bad',
      title: isOff ? 'Not on the mesh' : 'On the mesh, but something needs you',
      text: '',
    };
  }
  const connected = status.relay_status.filter(({ state, role }) => role === 'own' && state === 'connected');
  if (connected.length === 0)
    return { tone: 'warn', title: 'Connecting to relays…', text: 'This takes a few seconds after a start.' };
  if (status.warnings.length > 0)
    return {
      tone: 'warn',
      title: 'On the mesh, barely',
      text: 'Everything works, but it depends on little.',
    };
  if (status.known_peer_count === 0 && status.uptime_seconds < FIRST_SECONDS)
    return {
      tone: 'good',
      title: 'On the mesh',
      text: 'Looking for other agents. They appear within 2 to 5 minutes.',
    };
  return { tone: 'good', title: 'On the mesh', text: 'Others can find your agent and write to it.' };
}

/** The most important reason and what to do about it, for announcements. */
export function worstReason(status: Pick<Status, 'reasons'>): string | null {
  const [reason] = status.reasons;
  return reason ? `${reason.message} ${reasonStep(reason, 'page')}` : null;
}
