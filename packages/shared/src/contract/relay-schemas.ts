import { nullable, text, timestamp } from './schema-parts.ts';
import { type Static, Type } from './typebox.ts';

export const RelayState = Type.Union(
  [
    Type.Literal('connecting'),
    Type.Literal('connected'),
    Type.Literal('disconnected'),
    Type.Literal('auth_required'),
    Type.Literal('auth_failed'),
    Type.Literal('restricted'),
    Type.Literal('payment_required'),
    Type.Literal('misbehaving'),
  ],
  {
    description:
      '`connecting`; `connected`: works; `disconnected`: tried again with growing pauses; `auth_required`: serves only ' +
      'those who say who they are, and we have not yet; `auth_failed`: refused our key; `restricted`: serves its members ' +
      'only; `payment_required`: serves who pays; `misbehaving`: sent forgeries or what nobody asked for. The last five ' +
      'are left alone until `rests_until`, once the connection is gone.',
  },
);

export const RelayStatus = Type.Object({
  url: text('Relay address.'),
  role: Type.Union([Type.Literal('own'), Type.Literal('foreign')], {
    description:
      '`own`: of this agent’s list, read and written; `foreign`: of a peer’s, written to for a while.',
  }),
  state: RelayState,
  rests_until: nullable(timestamp('When a relay that is left alone is tried again.')),
  connected_since: nullable(timestamp('Since when this connection holds.')),
  carries_dms: Type.Boolean({ description: 'Our message subscription there was answered in full.' }),
  last_error: nullable(
    text('Why the last connection, subscription or write failed; the relay’s words are untrusted.'),
  ),
});

export const RelayDetails = Type.Object({
  ...RelayStatus.properties,
  clock_offset_ms: nullable(
    Type.Number({ description: 'Its clock minus ours in milliseconds, as far as it told the time.' }),
  ),
  round_trip_ms: nullable(Type.Number({ description: 'Milliseconds of the last write that was answered.' })),
  supported_nips: Type.Array(Type.Integer(), {
    description: 'From its NIP-11 document; empty when it has none.',
  }),
  limitation: Type.Record(Type.String(), Type.Unknown(), {
    description: '`limitation` of its NIP-11 document.',
  }),
});

export type RelayState = Static<typeof RelayState>;
export type RelayDetails = Static<typeof RelayDetails>;
export type RelayStatus = Static<typeof RelayStatus>;
