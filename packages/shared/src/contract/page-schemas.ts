import { count, flag, Type, text } from './typebox.ts';

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

export const Empty = Type.Object({}, { description: 'An empty object.' });
