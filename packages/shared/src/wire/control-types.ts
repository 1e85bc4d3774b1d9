import { isHex64 } from '../contract/ids.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields that any control payload may have. */
const common = ['type', 'ts', 'v', 'from'];
const helloFields = ['version', 'name', 'capabilities', 'features', 'about'];
/** Fields of each type; with only these and the common ones, a payload is control. */
const ownFields = {
  'ocmesh-hello': helloFields,
  intro: helloFields,
  ping: [],
  pong: [],
  delivered: ['msgId', 'msgIds'],
  read: ['msgId', 'msgIds'],
  profile: ['name', 'about', 'picture', 'capabilities'],
} as const satisfies Record<string, readonly string[]>;
type ControlType = keyof typeof ownFields;

/** Types that daemons exchange among themselves; `POST /send` refuses them. */
export const controlTypes: readonly string[] = Object.keys(ownFields);

const isId = (value: unknown): boolean => typeof value === 'string' && /^[\w-]{8,}$/.test(value);

/** Text, or null. */
const texts: readonly string[] = ['name', 'about', 'picture', 'msgId'];
/** Whether a field holds what daemons put there. */
function fits(name: string, value: unknown): boolean {
  if (name === 'msgIds') return Array.isArray(value);
  return !texts.includes(name) || value === null || typeof value === 'string';
}

/** Later versions may add fields to a receipt and to a hello. */
const isReceipt = ({ msgId, msgIds }: Fields): boolean =>
  isId(msgId) || (Array.isArray(msgIds) && msgIds.some(isId));
const isHello = ({ from, features }: Fields): boolean => isHex64(from) || Array.isArray(features);

/**
 * Returns the type if the payload is one that daemons exchange among themselves. Other programs use the same words for
 * something else: `{"type":"read","file":"a"}` is a message.
 */
export function controlTypeOf(fields: Fields): ControlType | null {
  if (!controlTypes.includes(String(fields['type']))) return null;
  const type = fields['type'] as ControlType;
  if ((type === 'delivered' || type === 'read') && isReceipt(fields)) return type;
  if ((type === 'intro' || type === 'ocmesh-hello') && isHello(fields)) return type;
  const known: readonly string[] = [...common, ...ownFields[type]];
  return Object.entries(fields).every(([name, value]) => known.includes(name) && fits(name, value))
    ? type
    : null;
}
