import { flag, nullable, type Static, Type, text, timestamp } from './typebox.ts';

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
      '`connecting`; `connected`: works; `disconnected`: retried with a growing back-off; `auth_required`: serves only ' +
      'authenticated clients (NIP-42), and we are not yet; `auth_failed`: rejected our key; `restricted`: serves only its ' +
      'members; `payment_required`: serves only paying users; `misbehaving`: sent forgeries or unrequested data. The last ' +
      'five are not retried before `rests_until`, once the connection is closed.',
  },
);

export const RelayStatus = Type.Object({
  url: text('Relay URL.'),
  role: Type.Union([Type.Literal('own'), Type.Literal('foreign')], {
    description:
      '`own`: on this agent’s list, read and written; `foreign`: on a peer’s list, written to while needed.',
  }),
  state: RelayState,
  rests_until: nullable(timestamp('End of the back-off: when the relay is tried again.')),
  connected_since: nullable(timestamp('When the current connection opened.')),
  carries_dms: flag('Whether our subscription for messages is active on this relay.'),
  last_error: nullable(
    text('Why the last connection, subscription or write failed. The relay’s own words are untrusted.'),
  ),
});

const finding = (question: string) =>
  Type.Object(
    {
      answer: Type.Union([Type.Literal('yes'), Type.Literal('no'), Type.Literal('unknown')], {
        description: '`unknown`: not tested yet, or the relay did not answer.',
      }),
      reason: nullable(
        text('Why; null if there is nothing to add. May repeat untrusted words of the relay.'),
      ),
      at: nullable(timestamp('When it was last tested; null if never.')),
    },
    { description: question },
  );

const AcceptedDates = Type.Union([Type.Literal('any'), Type.Literal('fresh'), Type.Literal('none')], {
  description:
    'Dates that it accepts: `any`, as far as we know; `fresh`: it refused an event for its age and gets only events dated ' +
    'now; `none`: it refuses even those, so its clock or ours is wrong.',
});

export const RelayDetails = Type.Object({
  ...RelayStatus.properties,
  keeps: finding('Whether it returns our messages when asked. An OK does not prove that.'),
  forwards: finding('Whether it sends messages for us to our open subscription.'),
  keeps_presence: finding('Whether it returns our presence, by which other agents find us.'),
  catch_up: Type.Union([Type.Literal('pending'), Type.Literal('complete'), Type.Literal('incomplete')], {
    description:
      'Messages that it kept while we were disconnected. `pending`: not fetched yet; `complete`: all are here; ' +
      '`incomplete`: it has, or may have, more than it sends us. We ask again each hour.',
  }),
  missed_live: Type.Integer({
    description: 'Messages that it should have sent at once, and that we found on it minutes later.',
  }),
  shares_subscription: flag(
    'It allows so few subscriptions (NIP-11 `max_subscriptions`) that messages, presences and queries share them.',
  ),
  clock_offset_ms: nullable(
    Type.Number({
      description: 'Its clock minus ours, in milliseconds; null if it did not report the time.',
    }),
  ),
  round_trip_ms: nullable(
    Type.Number({ description: 'Milliseconds until the relay responded to our latest write.' }),
  ),
  dates: AcceptedDates,
  supported_nips: Type.Array(Type.Integer(), {
    description: 'NIPs listed in its NIP-11 document; empty without one.',
  }),
  limitation: Type.Record(Type.String(), Type.Unknown(), {
    description: '`limitation` from its NIP-11 document; empty without one.',
  }),
});

export type AcceptedDates = Static<typeof AcceptedDates>;
export type RelayState = Static<typeof RelayState>;
export type RelayDetails = Static<typeof RelayDetails>;
export type RelayStatus = Static<typeof RelayStatus>;
