import { expect, test } from 'vitest';
import { followEvents, type StreamFetchLike } from './follow-events.ts';

/** A daemon that answers `GET /events` with this. */
const answering =
  (status: number, body: string): StreamFetchLike =>
  async () => {
    const response = new Response(body, { status });
    return { status, text: () => response.text(), body: response.body };
  };

async function follow(fetch: StreamFetchLike): Promise<string[]> {
  const seen: string[] = [];
  try {
    const options = {
      baseUrl: () => '',
      fetch,
      onOpen: () => seen.push('open'),
      onPosition: (id: string) => seen.push(`at ${id}`),
    };
    for await (const { event } of followEvents({}, options)) seen.push(event);
  } catch (error) {
    seen.push((error as { code: string }).code);
  }
  return seen;
}

test('says that the stream is open before anything comes through it', async () => {
  const stream = 'id: a-1\n\nid: a-2\nevent: relay.state\ndata: {"url":"ws://one.test"}\n\n';
  expect(await follow(answering(200, stream))).toEqual(['open', 'at a-1', 'at a-2', 'relay.state']);
  expect(await follow(answering(200, ''))).toEqual(['open']);
});

test('a stream that the daemon refuses is never open', async () => {
  const refusal = JSON.stringify({ error: { code: 'token_wrong', message: 'the token is wrong' } });
  expect(await follow(answering(401, refusal))).not.toContain('open');
});
