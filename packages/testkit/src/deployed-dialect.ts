import type { EventDraft } from '@ocmesh/shared/wire';

/** Texts of the deployed mesh, literally (docs/wire.md). They do not use our own code, which they test. */

export type DeployedVersion = '0.1.0' | '0.2.0';

/** How often it announces itself and looks for others, and how long a presence counts for it. */
export const deployedTimes = { announceMs: 300_000, discoverMs: 120_000, onlineWindowSec: 900 } as const;

export const presenceDraft = (version: DeployedVersion, createdAtSec: number): EventDraft => ({
  kind: 31337,
  created_at: createdAtSec,
  tags: [
    ['d', 'ocmesh-presence'],
    ['app', 'ocmesh'],
    ['v', version],
  ],
  content: 'ocmesh-agent-online',
});

export const helloText = (version: DeployedVersion, from: string, name: string, tsMs: number): string =>
  version === '0.1.0'
    ? JSON.stringify({ type: 'ocmesh-hello', version, from, ts: tsMs })
    : JSON.stringify({ type: 'intro', ts: tsMs, v: version, name, capabilities: ['chat'], from });

export const chatText = (version: DeployedVersion, body: string, tsMs: number): string =>
  version === '0.1.0' ? body : typedText('text', tsMs, { body });

export const typedText = (type: string, tsMs: number, fields: Record<string, string>): string =>
  JSON.stringify({ type, ts: tsMs, v: '0.2.0', ...fields });

export interface Shown {
  /** The payload's type; absent for plain text. */
  readonly type?: string;
  /** The message that its user sees; absent if there is none. */
  readonly text?: string;
}

/** Types that v0.2.0 handles without showing a message. */
const HANDLED = ['intro', 'ping', 'pong', 'delivered', 'read', 'profile', 'task', 'result', 'error', 'file'];

/** Returns how the deployed agent shows a DM. v0.1.0 knows one JSON type, its hello, and shows anything else unchanged. */
export function show(version: DeployedVersion, plaintext: string): Shown {
  const fields = parseObject(plaintext);
  const type = fields?.['type'];
  if (typeof type !== 'string') return { text: plaintext };
  if (version === '0.1.0') return type === 'ocmesh-hello' ? { type } : { type, text: plaintext };
  if (HANDLED.includes(type)) return { type };
  const body = fields?.['body'];
  return type === 'text' && typeof body === 'string' ? { type, text: body } : { type, text: plaintext };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
