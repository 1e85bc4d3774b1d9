import { cutChars, isHex64, limits, type Pubkey } from '@ocmesh/shared/contract';
import {
  type ChatPayload,
  kinds,
  type Payload,
  parsePayload,
  plainText,
  tagValue,
  tagValues,
} from '@ocmesh/shared/wire';
import type { OpenedDm } from '../identity/identity.ts';
import { messagingLimits } from './limits.ts';

/** Reads what a message says, by the kind of the rumor (NIP-17, NIP-09) or of the event. */
export function readPayload({ kind, plaintext, tags }: OpenedDm): Payload {
  switch (kind) {
    case kinds.privateFile:
      return { ...plainText(plaintext), type: 'file', data: fileOf(plaintext, { tags }) };
    case kinds.deletion:
      return {
        ...plainText(plaintext),
        type: 'deletion',
        data: { deletes: tagValues({ tags }, 'e').filter(isHex64) },
      };
    case kinds.edit:
      return { ...plainText(plaintext), type: 'edit' } satisfies ChatPayload;
    default:
      return parsePayload(plaintext);
  }
}

/** Tags of a kind 15 message (NIP-17), and their names in `data`. */
const fileTags: readonly (readonly [tag: string, name: string])[] = [
  ['file-type', 'mime'],
  ['size', 'size'],
  ['x', 'sha256'],
  ['ox', 'original_sha256'],
  ['dim', 'dimensions'],
  ['encryption-algorithm', 'encryption_algorithm'],
  ['decryption-key', 'decryption_key'],
  ['decryption-nonce', 'decryption_nonce'],
];

function fileOf(url: string, tags: Pick<OpenedDm, 'tags'>): Record<string, unknown> {
  const fields = fileTags.flatMap(([tag, name]) => {
    const value = tagValue(tags, tag);
    if (value === undefined) return [];
    return [[name, tag === 'size' && /^\d{1,15}$/.test(value) ? Number(value) : value]];
  });
  return { url, ...Object.fromEntries(fields) };
}

/** Receivers of a message to several, and its subject (NIP-17). */
export function groupOf({ kind, tags }: OpenedDm): { recipients: readonly Pubkey[]; subject: string | null } {
  if (kind === kinds.encryptedDm) return { recipients: [], subject: null };
  const all = [...new Set(tagValues({ tags }, 'p').filter(isHex64) as Pubkey[])].slice(
    0,
    messagingLimits.group.recipients,
  );
  const subject = tagValue({ tags }, 'subject');
  return {
    recipients: all.length > 1 ? all : [],
    subject: subject ? cutChars(subject, limits.message.subjectChars) : null,
  };
}
