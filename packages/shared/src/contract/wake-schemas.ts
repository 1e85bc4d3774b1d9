import { count, nullable, Type, text } from './typebox.ts';

export const WakeTestId = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Id of the test message.' });
export const WatcherName = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
  description: 'Name of a watcher: of `ocmesh watch --name`.',
});

export const WakeTest = Type.Object({
  id: WakeTestId,
  relays: Type.Array(
    Type.Object({
      url: text('URL of the relay.'),
      outcome: Type.Union(
        [
          Type.Literal('accepted'),
          Type.Literal('rejected'),
          Type.Literal('timeout'),
          Type.Literal('not_connected'),
        ],
        {
          description:
            '`accepted`: it sent OK; `rejected`: it refused; `timeout`: it sent no OK in time; `not_connected`: it is not connected.',
        },
      ),
    }),
    { description: 'Our relays, and what each did with the test message.' },
  ),
  arrived: nullable(
    Type.Object(
      { relay: text('Relay that sent it first.'), ms: count('Milliseconds after it was sent.') },
      { description: 'How it came back; null if it did not in time: then no watcher is told.' },
    ),
  ),
});
