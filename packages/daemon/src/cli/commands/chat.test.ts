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
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { createSignal } from '../../../test/support/signal.ts';

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

async function collectGarbage(): Promise<void> {
  gc();
  await new Promise((resolve) => setImmediate(resolve));
}

/** A daemon with one conversation, whose events the test emits. */
async function openConversation(messages: Message[] = [], refuse?: OcmeshError) {
  const queue: (StreamEvent | Passed | 'end')[] = [];
  let wake = (): void => {};
  let opened = createSignal();
  const closed = createSignal();
  const emit = (item: StreamEvent | 'end'): void => {
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
    received: (overrides: Partial<Message> = {}) =>
      emit({ id: 'e:1', event: 'message.received', data: aMessage({ id: 'new', ...overrides }) }),
    state: (id: string, state: Message['delivery']['state'], to = bobKey) =>
      emit({
        id: 'e:1',
        event: 'message.state',
        data: { id, to, state, delivery: { ...aMessage().delivery, state } },
      }),
    /** Ends the stream; `opened` then waits for the next one. */
    async breakOff() {
      opened = createSignal();
      emit('end');
    },
    opened: () => opened.fired,
    /** Resolves when the command closes the stream. */
    closed: () => closed.fired,
    read: () => command.calls.flatMap(([name, input]) => (name === 'markRead' ? [input] : [])),
  };
}

describe('chat through a pipe', () => {
  it('sends each line, shows replies and delivery states, and ends with the input', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.start(['chat', 'bob']);
    command.stdin.write('one\n\ntwo\n');
    await command.printed('> you: two (queued)');
    chat.received({ content: 'an answer' });
    chat.state('sent-1', 'delivered');
    await command.printed('delivered: one');
    command.stdin.end();
    chat.state('sent-2', 'published');
    const { out, code } = await command.exited;
    expect(out).toMatch(
      /^< .*bob: earlier\n> you: one \(queued\)\n> you: two \(queued\)\n< .*bob: an answer\n {2}delivered: one\n {2}published: two\n$/,
    );
    expect(code).toBe(0);
    expect(chat.read()).toEqual([{ ids: [aMessage().id] }, { ids: ['new'] }]);
  });

  it('waits 10 s at most for a relay to accept the messages', async () => {
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob']);
    command.stdin.end('one\n');
    await command.printed('> you: one (queued)');
    await chat.clock.advance(10_000);
    expect((await command.exited).out).toContain('the daemon keeps trying');
  });

  it('shows what was not sent and why, and exits with the code of that error', async () => {
    const chat = await openConversation([], new OcmeshError('storage_full'));
    const { out, code } = await chat.run(['chat', 'bob'], { input: 'one\n' });
    expect(out).toBe(
      '! not sent: one\n  The disk is full: nothing was stored. Free some space; no restart is needed.\n',
    );
    expect(code).toBe(75);
  });

  it('prints one JSON object per event with --json', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.start(['chat', 'bob', '--json']);
    command.stdin.write('one\n');
    await command.printed('"sent-1"');
    chat.state('sent-1', 'read');
    await command.printed('"read"}}');
    command.stdin.end();
    const { out, err } = await command.exited;
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

  it('leaves incoming messages unread with --keep-unread', async () => {
    const chat = await openConversation([aMessage()]);
    const command = chat.start(['chat', 'bob', '--keep-unread', '-n', '1']);
    chat.received();
    await command.printed('bob: hello\n<');
    command.interrupt();
    await command.exited;
    expect(chat.read()).toEqual([]);
  });

  it('shows nothing of other conversations', async () => {
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob']);
    await chat.opened();
    chat.received({ from: 'c'.repeat(64), content: 'from carol' });
    chat.state('other', 'delivered', 'c'.repeat(64));
    chat.received({ content: 'from bob' });
    await command.printed('from bob');
    command.interrupt();
    const { out } = await command.exited;
    expect(out.split('\n')).toEqual([expect.stringContaining('bob: from bob'), '']);
  });

  it('shows messages that our agent sends meanwhile, but not old ones whose state changes', async () => {
    const old = aSentMessage({ id: 'old', content: 'long ago', timestamp: '2025-01-01T00:00:00.000Z' });
    const ours = aSentMessage({ id: 'ours', content: 'by the agent', timestamp: '2026-01-01T12:00:00.000Z' });
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob', '-n', '0']);
    command.stdin.write('begun\n');
    await command.printed('begun');
    chat.messages.push(old, ours);
    chat.state('old', 'read');
    chat.state('ours', 'published');
    await command.printed('> you: by the agent (published)');
    command.interrupt();
    expect((await command.exited).out).not.toContain('long ago');
  });
});

it('through a pipe sends every line, whatever it looks like', async () => {
  const chat = await openConversation();
  const command = chat.start(['chat', 'bob']);
  command.stdin.write('/quit\n');
  await command.printed('> you: /quit (queued)');
  command.interrupt();
  await command.exited;
});

describe('when the daemon goes away', () => {
  it('waits for it, and shows once what arrived meanwhile', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.start(['chat', 'bob']);
    await command.printed('earlier');
    await chat.breakOff();
    await command.printed('The daemon is gone');
    chat.messages.push(aMessage({ id: 'missed', content: 'missed' }));
    await chat.clock.advance(1_000);
    await command.printed('The daemon is back.');
    command.interrupt();
    const { out } = await command.exited;
    expect(out.match(/earlier/g)).toHaveLength(1);
    expect(out.match(/bob: missed/g)).toHaveLength(1);
    expect(chat.clock.pending()).toBe(0);
  });

  it('closes the stream at the end, also after garbage collection', async () => {
    const chat = await openConversation([aMessage({ content: 'earlier' })]);
    const command = chat.start(['chat', 'bob']);
    await command.printed('earlier');
    await chat.opened();
    for (let i = 0; i < 5; i++) await collectGarbage();
    command.stdin.end();
    await command.exited;
    // Otherwise the process would never end.
    await chat.closed();
  });

  it('does not start without it', async () => {
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

  it('updates the mark of each line of ours in place', async () => {
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob'], { columns: 40, env: { NO_COLOR: '1' } });
    await command.printed('   you> ');
    command.stdin.write('one\r');
    await command.printed(`${up(1)}· \u001b8`);
    command.stdin.write(`${'a long line '.repeat(4)}\r`);
    await command.printed(`${up(2)}· \u001b8`);
    chat.state('sent-1', 'delivered');
    // Two rows of the second line are below the first.
    await command.printed(`${up(3)}✓ \u001b8`);
    command.interrupt();
    expect((await command.exited).code).toBe(0);
  });

  it('shows incoming messages above the line that is being typed', async () => {
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob'], { columns: 40, env: { NO_COLOR: '1' } });
    await command.printed('   you> ');
    command.stdin.write('half');
    await command.printed('half');
    chat.received({ content: 'hi\n> you: not me' });
    await command.printed('│ > you: not me\n');
    await command.printed('   you> half');
    command.interrupt();
    await command.exited;
  });

  it('does not send what looks like a command, and says how to leave and how to send it', async () => {
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob'], { columns: 80, env: { NO_COLOR: '1' } });
    await command.printed('   you> ');
    command.stdin.write('/Quit\r');
    await command.printed('Not sent. Ctrl-D leaves; //Quit sends it.');
    command.stdin.write('//quit\r');
    command.stdin.write('/etc/quit\r');
    command.stdin.write('// quit\r');
    const sent = () => chat.calls.flatMap(([name, input]) => (name === 'sendMessage' ? [input] : []));
    await vi.waitFor(() => expect(sent()).toHaveLength(3), { timeout: 60_000 });
    expect(sent()).toEqual(['/quit', '/etc/quit', '// quit'].map((content) => ({ to: bobKey, content })));
    command.stdin.write('\u0004');
    expect((await command.exited).code).toBe(0);
  });

  it('ends with Ctrl-C', async () => {
    const chat = await openConversation();
    const command = chat.start(['chat', 'bob'], { columns: 40 });
    await command.printed('you> ');
    command.stdin.write('\u0003');
    expect((await command.exited).code).toBe(0);
  });
});
