import { count, flag, nullable, Type, text } from './typebox.ts';

export const PageCode = Type.Object({
  code: text('Works once, and only in this run of the daemon.'),
  expires_in_seconds: count('How long it works.'),
});

export const PageKey = Type.Object({
  key: text('The key of the session. Keep it where only this page can read it.'),
});

export const PageSession = Type.Object({
  signed_in: flag('Whether this page has a session.'),
  opened: Type.Optional(
    count('How many sessions were opened since the daemon started. Only for callers with the token.'),
  ),
});

const HistoryPoint = Type.Object({
  at: count('When it was taken, in seconds since 1970.'),
  messages_in: count('Messages that arrived since the point before.'),
  messages_out: count('Messages that a relay accepted since the point before.'),
  peers_online: count('Peers that were online.'),
  relays_connected: count('Relays of the list that were connected.'),
  round_trip_ms: Type.Record(Type.String(), nullable(Type.Integer()), {
    description:
      'Last round trip of each relay on the list, by its URL; null while there was none. Longer ones are shown as 65,533 ms.',
  }),
  memory_bytes: count('Resident memory of the daemon.'),
});

export const History = Type.Object({
  interval_seconds: count('Time between two points.'),
  points: Type.Array(HistoryPoint, {
    description: 'The last 24 hours, the oldest point first. They begin anew when the daemon starts.',
  }),
});
