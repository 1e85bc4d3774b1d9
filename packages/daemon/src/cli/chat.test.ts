import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Handlers,
  type Message,
  OcmeshError,
  type Passed,
  type StreamEvent,
  type Streams,
} from '@ocmesh/shared/contract';
import { aMessage, aPeer, aPeerAlone, aSentMessage, bobKey } from '@ocmesh/testkit';
import { describe, expect, it, vi } from 'vitest';
import { openCommandLineAt } from '../../test/support/command-line.ts';
import { createSignal } from '../../test/support/signal.ts';

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

async function collectGarbage(): Promise<void> {
  gc();
  await new Promise((resolve) => setImmediate(resolve));
}

/** A daemon with one conversation, whose events a test tells. */
async function openConversation(messages: Message[] = [], refuse?: OcmeshError) {
  const queue: (StreamEvent | Passed | 'end')[] = [];
  let wake = (): void => {};
  let opened = createSignal();
  const closed = createSignal();
  const tell = (item: StreamEvent | 'end'): void => {
    queue.push(item);
    wake();
  };
  const followEvents: Streams['followEvents'] = async function* (_, { signal }) {
    opened.fire();
    signal.addEventListener('abort', () => {
      wake();
      closed.fire();
    });
    yield { id: 'e:0', event: 'passed' };
    while (!signal.aborted) {
      const next = queue.shift();
      if (next === 'end') return;
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  };
  let sent = 0;
  const sendMessage: Handlers['sendMessage'] = async ({ to }) => {
    if (refuse) throw refuse;
    return { id: `sent-${++sent}`, to, timestamp: '2026-01-01T12:00:00.000Z', state: 'queued' };
  };
  const command = await openCommandLineAt({
    followEvents,
    sendMessage,
    listPeers: async () => ({ items: [aPeer()], next_cursor: null }),
    getPeer: async () => aPeerAlone(),
    listMessages: async ({ limit = 0 }) => ({
      items: [...messages].reverse().slice(0, limit),
      next_cursor: null,
    }),
    getMessage: async ({ id }) => messages.find((one) => one.id === id) ?? aMessage(),
    markRead: async () => ({ marked: 1 }),
  });
  return {
    ...command,
    messages,
    received: (over: Partial<Message> = {}) =>
      tell({ id: 'e:1', event: 'message.received', data: aMessage({ id: 'new', ...over }) }),
    state: (id: string, state: Message['delivery']['state'], to = bobKey) =>
      tell({
        id: 'e:1',
        event: 'message.state',
        data: { id, to, state, delivery: { ...aMessage().delivery, state } },
      }),
    /** The daemon ends the stream; resolves when it is asked for another. */
    async breakOff() {
      opened = createSignal();
      tell('end');
    },
    opened: () => opened.fired,
    /** Resolves when nobody listens to the stream any more. */
    closed: () => closed.fired,
    read: () => command.calls.flatMap(([name, input]) => (name === 'markRead' ? [input] : [])),
  };
}

describe('chat through a pipe', () => {
  it('sends each line, shows answers and what became of each, and leaves when the input ends', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.begin(['chat', 'bob']);
    command.stdin.write('one\n\ntwo\n');
    await command.said('> you: two (queued)');
    chat.received({ content: 'an answer' });
    chat.state('sent-1', 'delivered');
    await command.said('delivered: one');
    command.stdin.end();
    chat.state('sent-2', 'published');
    const { out, code } = await command.over;
    expect(out).toMatch(
      /^< .*bob: earlier\n> you: one \(queued\)\n> you: two \(queued\)\n< .*bob: an answer\n {2}delivered: one\n {2}published: two\n$/,
    );
    expect(code).toBe(0);
    expect(chat.read()).toEqual([{ ids: [aMessage().id] }, { ids: ['new'] }]);
  });

  it('does not wait for ever until a relay has taken what was said', async () => {
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob']);
    command.stdin.end('one\n');
    await command.said('> you: one (queued)');
    await chat.clock.advance(10_000);
    expect((await command.over).out).toContain('the daemon goes on trying');
  });

  it('shows what was not sent and why, and ends with its exit code', async () => {
    const chat = await openConversation([], new OcmeshError('storage_full'));
    const { out, code } = await chat.run(['chat', 'bob'], { input: 'one\n' });
    expect(out).toBe(
      '! not sent: one\n  The disk is full: nothing was stored. Free some space; no restart is needed.\n',
    );
    expect(code).toBe(75);
  });

  it('gives programs one JSON object for each event', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.begin(['chat', 'bob', '--json']);
    command.stdin.write('one\n');
    await command.said('"sent-1"');
    chat.state('sent-1', 'read');
    await command.said('"read"}}');
    command.stdin.end();
    const { out, err } = await command.over;
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { event: 'message.received', data: { content: 'earlier', from: bobKey } },
      { event: 'message.sent', data: { id: 'sent-1', to: bobKey, state: 'queued' } },
      { event: 'message.state', data: { id: 'sent-1', to: bobKey, state: 'read' } },
    ]);
    expect(err).toBe('');
  });

  it('leaves what comes unread where it is told so', async () => {
    const chat = await openConversation([aMessage()]);
    const command = chat.begin(['chat', 'bob', '--keep-unread', '-n', '1']);
    chat.received();
    await command.said('bob: hello\n<');
    command.interrupt();
    await command.over;
    expect(chat.read()).toEqual([]);
  });

  it('shows nothing of other conversations', async () => {
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob']);
    await chat.opened();
    chat.received({ from: 'c'.repeat(64), content: 'from carol' });
    chat.state('other', 'delivered', 'c'.repeat(64));
    chat.received({ content: 'from bob' });
    await command.said('from bob');
    command.interrupt();
    const { out } = await command.over;
    expect(out.split('\n')).toEqual([expect.stringContaining('bob: from bob'), '']);
  });

  it('shows what our agent says meanwhile, but not what only got on of long ago', async () => {
    const old = aSentMessage({ id: 'old', content: 'long ago', timestamp: '2025-01-01T00:00:00.000Z' });
    const ours = aSentMessage({ id: 'ours', content: 'by the agent', timestamp: '2026-01-01T12:00:00.000Z' });
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob', '-n', '0']);
    command.stdin.write('begun\n');
    await command.said('begun');
    chat.messages.push(old, ours);
    chat.state('old', 'read');
    chat.state('ours', 'published');
    await command.said('> you: by the agent (published)');
    command.interrupt();
    expect((await command.over).out).not.toContain('long ago');
  });
});

it('through a pipe leaves no line out, whatever it looks like', async () => {
  const chat = await openConversation();
  const command = chat.begin(['chat', 'bob']);
  command.stdin.write('/quit\n');
  await command.said('> you: /quit (queued)');
  command.interrupt();
  await command.over;
});

describe('when the daemon goes away', () => {
  it('waits for it, and shows once what came meanwhile', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.begin(['chat', 'bob']);
    await command.said('earlier');
    await chat.breakOff();
    await command.said('The daemon is gone');
    chat.messages.push(aMessage({ id: 'missed', content: 'missed' }));
    await chat.clock.advance(1_000);
    await command.said('The daemon is back.');
    command.interrupt();
    const { out } = await command.over;
    expect(out.match(/earlier/g)).toHaveLength(1);
    expect(out.match(/bob: missed/g)).toHaveLength(1);
    expect(chat.clock.pending()).toBe(0);
  });

  it('lets go of it when it is left, also after so long that signals were collected', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.begin(['chat', 'bob']);
    await command.said('earlier');
    await chat.opened();
    for (let i = 0; i < 5; i++) await collectGarbage();
    command.stdin.end();
    await command.over;
    // Else the process would never end.
    await chat.closed();
  });

  it('does not begin without it', async () => {
    const { run } = await openCommandLineAt({
      listPeers: async () => ({ items: [aPeer()], next_cursor: null }),
      getPeer: async () => aPeerAlone(),
    });
    expect(await run(['chat', 'bob'])).toMatchObject({
      code: 75,
      err: expect.stringContaining('is stopping'),
    });
  });
});

describe('chat on a terminal', () => {
  const up = (rows: number) => `\u001b7\u001b[${rows}A\r`;

  it('marks each line of ours where it stands', async () => {
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob'], { columns: 40, env: { NO_COLOR: '1' } });
    await command.said('   you> ');
    command.stdin.write('one\r');
    await command.said(`${up(1)}· \u001b8`);
    command.stdin.write(`${'a long line '.repeat(4)}\r`);
    await command.said(`${up(2)}· \u001b8`);
    chat.state('sent-1', 'delivered');
    // Two rows of the second line are below the first.
    await command.said(`${up(3)}✓ \u001b8`);
    command.interrupt();
    expect((await command.over).code).toBe(0);
  });

  it('shows what comes above the line that is being typed', async () => {
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob'], { columns: 40, env: { NO_COLOR: '1' } });
    await command.said('   you> ');
    command.stdin.write('half');
    await command.said('half');
    chat.received({ content: 'hi\n> you: not me' });
    await command.said('│ > you: not me\n');
    await command.said('   you> half');
    command.interrupt();
    await command.over;
  });

  it('takes what looks like a command for none, and says how to leave and how to send it', async () => {
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob'], { columns: 80, env: { NO_COLOR: '1' } });
    await command.said('   you> ');
    command.stdin.write('/Quit\r');
    await command.said('Not sent. Ctrl-D leaves; //Quit sends it.');
    command.stdin.write('//quit\r');
    command.stdin.write('/etc/quit\r');
    command.stdin.write('// quit\r');
    const sent = () => chat.calls.flatMap(([name, input]) => (name === 'sendMessage' ? [input] : []));
    await vi.waitFor(() => expect(sent()).toHaveLength(3), { timeout: 60_000 });
    expect(sent()).toEqual(['/quit', '/etc/quit', '// quit'].map((content) => ({ to: bobKey, content })));
    command.stdin.write('\u0004');
    expect((await command.over).code).toBe(0);
  });

  it('is left with Ctrl-C', async () => {
    const chat = await openConversation();
    const command = chat.begin(['chat', 'bob'], { columns: 40 });
    await command.said('you> ');
    command.stdin.write('\u0003');
    expect((await command.over).code).toBe(0);
  });
});
