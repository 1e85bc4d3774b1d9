import { count, nullable, type Static, Type, text, timestamp } from './typebox.ts';

/** Hours of the machine's own time. */
export const QuietHours = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$',
  description:
    'When no requests are sent to the phone, by the clock of this machine: `22:00-07:00`. They follow afterwards.',
});

/** What a request on the phone is about. */
const OwnerRequestKind = Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('paused')], {
  description:
    '`in`: a stranger wrote; `out`: your agent wants to write to a stranger; `paused`: the loop guard paused a conversation.',
});

export const Owner = Type.Object({
  state: Type.Union([Type.Literal('none'), Type.Literal('unconfirmed'), Type.Literal('confirmed')], {
    description:
      '`none`: no phone decides; `unconfirmed`: it has not sent the code yet, and gets nothing else; `confirmed`: it gets requests and decides.',
  }),
  pubkey: nullable(text('Key of the phone, as 64 hex digits.')),
  npub: nullable(text('The same key as npub1….')),
  code: nullable(
    text(
      'Code that the phone has to send to this agent as a private message (NIP-17); null if none is awaited.',
    ),
  ),
  code_until: nullable(timestamp('When the code ends.')),
  tries_left: nullable(count('Wrong codes that are still allowed; null if none is awaited.')),
  quiet_hours: nullable(QuietHours),
  requests: Type.Array(
    Type.Object({
      number: count('Number that the answer names.'),
      kind: OwnerRequestKind,
      pubkey: text('Key of the peer that the request is about.'),
      until: timestamp('When an answer no longer counts.'),
    }),
    { description: 'Requests that were sent to the phone and wait for its answer.' },
  ),
});

export type Owner = Static<typeof Owner>;
