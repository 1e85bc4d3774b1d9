import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { type RunningAgent, until, watchProgram } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';

/** Starts a command as a shell would; `stdin` stays open until the test ends it. */
function begin(agent: Pick<RunningAgent, 'home'>, ...args: string[]) {
  const child = spawn(process.execPath, [ocmeshProgram, ...args], {
    env: { PATH: process.env['PATH'], OCMESH_HOME: agent.home },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  const closed = once(child, 'close');
  void closed.then(watchProgram({ name: `ocmesh ${args.join(' ')}`, output: () => out + err }));
  return {
    child,
    say: (line: string) => child.stdin.write(`${line}\n`),
    said: (part: string) => until(() => out.includes(part)),
    over: closed.then(([code]) => ({ code, out, err })),
  };
}

async function ocmesh(agent: Pick<RunningAgent, 'home'>, ...args: string[]) {
  const command = begin(agent, ...args);
  command.child.stdin.end();
  return command.over;
}

/** Runs a command with --json. */
async function asked(agent: RunningAgent, ...args: string[]) {
  const { code, out, err } = await ocmesh(agent, ...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

describe('the command', () => {
  it('shows who is there, sends, and reads on the other side', async () => {
    const { alice, bob, relay } = await startPair();
    expect((await ocmesh(alice, 'peers')).out).toMatch(/^NAME .*\nbob {3}[0-9a-f]{12} {2}online {2}stranger/);
    expect(await asked(alice, 'peers')).toMatchObject([{ pubkey: bob.pubkey, online: true }]);
    expect((await asked(alice, 'peers', bob.pubkey.slice(0, 8))).reachability.state).toBe('reachable');

    const sent = await asked(alice, 'send', 'bob', 'see you', 'at nine');
    await until(async () => (await asked(bob, 'inbox')).length === 1);
    expect(await asked(bob, 'inbox', '--from', 'alice')).toMatchObject([
      { id: sent.id, content: 'see you at nine' },
    ]);
    expect((await ocmesh(bob, 'read', sent.id.slice(0, 8))).out).toMatch(
      /^from alice .*\n│ see you at nine\n$/,
    );
    expect((await ocmesh(bob, 'inbox')).out).toContain('Nothing unread');
    await until(async () => (await asked(alice, 'read', sent.id))[0].delivery.state === 'read');
    expect((await ocmesh(alice, 'read', sent.id)).out).toContain(`accepted ${relay.url}`);
  });

  it('shows identity, relays, status and log', async () => {
    const mesh = createMesh();
    const relay = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [relay.url]);
    expect(await asked(alice, 'identity')).toMatchObject({ pubkey: alice.pubkey, name: 'alice' });
    expect(await asked(alice, 'status')).toMatchObject({ degraded: false });
    await until(async () => (await asked(alice, 'relays'))[0].state === 'connected');
    expect((await ocmesh(alice, 'relays')).out).toContain(`${relay.url}  connected`);
    const second = await mesh.startRelay();
    expect(await asked(alice, 'relays', 'add', second.url)).toMatchObject({ url: second.url });
    expect(await asked(alice, 'relays', 'remove', relay.url)).toMatchObject([{ url: second.url }]);

    const following = begin(alice, 'logs', '-f', '-n', '1');
    await ocmesh(alice, 'relays', 'add', relay.url);
    await following.said(`relay connected to ${relay.url}`);
    following.child.kill('SIGINT');
    expect((await following.over).code).toBe(0);
  });

  it('chats line by line, with delivery states on both sides', async () => {
    const { alice, bob } = await startPair();
    const here = begin(alice, 'chat', 'bob');
    const there = begin(bob, 'chat', 'alice', '--json');
    here.say('can you hear me?');
    await there.said('can you hear me?');
    there.say('yes');
    await here.said('bob: yes');
    await here.said('read: can you hear me?');
    here.child.kill('SIGINT');
    there.child.stdin.end();
    expect((await here.over).code).toBe(0);
    const { code, out } = await there.over;
    expect(code).toBe(0);
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['message.received', 'message.sent']),
    );
    expect(await asked(bob, 'inbox')).toEqual([]);
  });

  it('continues a chat after a restart of the daemon', async () => {
    const { mesh, relay, alice, bob } = await startPair();
    const chat = begin(alice, 'chat', 'bob', '-n', '0');
    chat.say('one');
    await chat.said('delivered: one');
    await alice.stop();
    await chat.said('The daemon is gone');
    await bob.api.sendMessage({ to: alice.pubkey, content: 'are you there?' });
    await mesh.startAgent('alice', [relay.url]);
    await chat.said('bob: are you there?');
    chat.child.stdin.end();
    expect(await chat.over).toMatchObject({ code: 0 });
  });

  it('holds strangers until the owner accepts, and blocks and unblocks peers', async () => {
    const { alice, bob } = await startPair();
    await asked(alice, 'policy', 'strangers', 'ask');
    await ocmesh(bob, 'send', 'alice', 'may I come in?');
    await until(async () => (await asked(alice, 'requests')).length === 1);
    expect((await ocmesh(alice, 'requests')).out).toMatch(/^bob .* wrote to you .*\n│ may I come in\?\n$/);
    expect(await asked(alice, 'inbox')).toEqual([]);
    expect(await asked(alice, 'requests', 'accept', 'bob')).toMatchObject({ trust: 'contact' });
    expect(await asked(alice, 'inbox')).toMatchObject([{ content: 'may I come in?', trust: 'contact' }]);

    await asked(alice, 'alias', 'bob', 'my friend');
    expect(await asked(alice, 'block', 'my friend')).toMatchObject({ trust: 'blocked' });
    expect(await ocmesh(alice, 'send', 'bob', 'hi')).toMatchObject({
      code: 78,
      err: expect.stringContaining('blocked'),
    });
    expect(await asked(alice, 'unblock', 'bob')).toMatchObject({ trust: 'stranger' });
    expect(await asked(alice, 'trust', bob.npub)).toMatchObject({ trust: 'contact' });
    expect(await asked(alice, 'untrust', 'bob')).toMatchObject({ trust: 'stranger' });
  });

  it('completes commands and peers', async () => {
    const { alice } = await startPair();
    const offered = async (...words: string[]) =>
      (await ocmesh(alice, 'complete', '--', ...words)).out.split('\n');
    expect(await offered('in')).toEqual([
      'inbox\tList unread messages, newest last. They stay unread; `ocmesh read` shows them in full.',
      ':4',
      '',
    ]);
    // Completion never waits for a slow daemon: it then offers no peers.
    const [first] = await until(async () => {
      const lines = await offered('send', '');
      return lines[0] !== ':4' && lines;
    });
    expect(first).toMatch(/^bob\t[0-9a-f]{12}, stranger, online$/);
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect((await ocmesh(alice, 'completion', shell)).out).toContain('ocmesh complete --');
    }
  });

  it('bash completion works with a shell function, can be sourced twice, and evaluates nothing', async () => {
    const { alice } = await startPair();
    const script = `
      ocmesh() { "$NODE" "$PROGRAM" "$@"; }
      source <(ocmesh completion bash); source <(ocmesh completion bash)
      try() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _ocmesh; echo "\${COMPREPLY[*]}"; }
      try ocmesh send ''; try ocmesh policy strangers o; try ocmesh '$(echo ran >&2)' ''`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script], {
      env: {
        PATH: process.env['PATH'],
        OCMESH_HOME: alice.home,
        NODE: process.execPath,
        PROGRAM: ocmeshProgram,
      },
    });
    expect([stdout, stderr]).toEqual(['bob\nopen\n\n', '']);
  });

  it('exits quietly when its output is closed', async () => {
    const { alice } = await startPair();
    const chat = begin(alice, 'logs', '-f');
    await chat.said('discovered peer');
    chat.child.stdout.destroy();
    await alice.stop();
    expect(await chat.over).toMatchObject({ code: 0, err: '' });
  });
});
