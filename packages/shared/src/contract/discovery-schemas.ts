import { count, nullable, Type } from './typebox.ts';

const Received = (when: string) =>
  Type.Object(
    {
      bytes: count('Bytes received.'),
      events: count('Events received.'),
      live_bytes: count(
        'Of these, bytes of announcements as they were published: of all agents on a relay, or on a sampled one of contacts and peers our agent wrote to.',
      ),
    },
    { description: `What discovery received in the last ${when}.` },
  );

export const DiscoveryStatus = Type.Object(
  {
    mode: Type.Union([Type.Literal('all'), Type.Literal('sampled')], {
      description:
        '`all`: every announcement on every relay is followed; `sampled`: on some relays that would be over the budget, so that ' +
        'contacts and peers we wrote to are followed there, and others found by samples and searches.',
    }),
    sampled_relays: Type.Array(Type.String(), { description: 'Relays that are sampled.' }),
    budget_bytes_per_day: count('Bytes a day that discovery may receive.'),
    last_hour: Received('hour'),
    last_day: Received('24 hours'),
    mesh: nullable(
      Type.Object(
        {
          agents: count('Agents online, as estimated.'),
          error: count('By how many that may be off, with a confidence of 95 %.'),
          method: Type.Union([Type.Literal('pages'), Type.Literal('count')], {
            description:
              '`pages`: from the time that the newest announcements span; `count`: as the relays count them (NIP-45).',
          }),
        },
        { description: 'Size of the mesh on our relays; null before the first scan.' },
      ),
    ),
  },
  { description: 'How other agents are found, and what that costs.' },
);
