// A model that always answers "ok": an Anthropic-compatible server on loopback, for clients that are checked without a real model.
import { createServer } from 'node:http';

/** Starts the server. `seen` has the body of each request for a turn, as text. */
export async function startMessagesApi() {
  const seen = /** @type {string[]} */ ([]);
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    if (pathname !== '/v1/messages') return response.writeHead(404).end('{}');
    const text = Buffer.concat(chunks).toString();
    seen.push(text);
    answer(response, JSON.parse(text), seen.length);
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  );
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${address.port}`, seen, close: () => server.close() };
}

/** @param {import('node:http').ServerResponse} response @param {any} body @param {number} number */
function answer(response, body, number) {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: `msg_${number}`, type: 'message', role: 'assistant', model: body.model, usage };
  const content = { type: 'text', text: 'ok' };
  if (!body.stream) {
    response.setHeader('content-type', 'application/json');
    return response.end(
      JSON.stringify({ ...message, content: [content], stop_reason: 'end_turn', stop_sequence: null }),
    );
  }
  response.setHeader('content-type', 'text/event-stream');
  const send = (/** @type {{ type: string }} */ event) =>
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null };
  for (const event of [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: { ...content, text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: content.text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ])
    send(event);
  response.end();
}
