// A model that follows a script: an OpenAI-compatible server on loopback, for hosts that are checked without a real model.
import { createServer } from 'node:http';

/**
 * What the host sent with one request: the results of its tools so far, oldest first, as the model sees them.
 * @typedef {{ results: string[], request: any }} Seen
 * @typedef {{ tool: string, args: Record<string, unknown> } | { text: string }} Turn
 */

/**
 * Starts the server. `script` says what the model does next.
 * @param {(seen: Seen) => Turn} script
 */
export async function startScriptedModel(script) {
  /** @type {Seen[]} */
  const seen = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    if (!Array.isArray(body.messages)) return response.writeHead(404).end('{}');
    const results = body.messages.filter((/** @type {any} */ { role }) => role === 'tool').map(textOf);
    const now = { results, request: body };
    seen.push(now);
    answer(response, body, script(now), seen.length);
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  );
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${address.port}/v1`, seen, close: () => server.close() };
}

/** @param {{ content: unknown }} message */
const textOf = ({ content }) =>
  Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : String(content ?? '');

/** @param {import('node:http').ServerResponse} response @param {any} body @param {Turn} turn @param {number} number */
function answer(response, body, turn, number) {
  const head = { id: `chat-${number}`, created: 1, model: body.model ?? 'scripted' };
  const call =
    'text' in turn
      ? null
      : [
          {
            index: 0,
            id: `call_${number}`,
            type: 'function',
            function: { name: turn.tool, arguments: JSON.stringify(turn.args) },
          },
        ];
  const message = {
    role: 'assistant',
    content: 'text' in turn ? turn.text : null,
    ...(call && { tool_calls: call }),
  };
  const finish_reason = call ? 'tool_calls' : 'stop';
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  if (!body.stream) {
    response.setHeader('content-type', 'application/json');
    return response.end(
      JSON.stringify({
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason }],
        usage,
      }),
    );
  }
  response.setHeader('content-type', 'text/event-stream');
  const send = (/** @type {object} */ choice, /** @type {object} */ more = {}) =>
    response.write(
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`,
    );
  send({ delta: message });
  send({ delta: {}, finish_reason }, { usage });
  response.end('data: [DONE]\n\n');
}
