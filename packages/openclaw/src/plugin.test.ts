import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToolbox } from '@ocmesh/mcp-server/toolbox';
import { OcmeshError } from '@ocmesh/shared/contract';
import { aMessage, aPeer, aStatus, createSeededRandom, until } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../daemon/src/adapters/system/clock.ts';
import { listWatches } from '../../daemon/src/watch/watch-state.ts';
import { openApi } from '../../daemon/test/support/http-api.ts';
import type { PluginApi } from './host.ts';
import plugin from './index.ts';
import { registerTools } from './tools.ts';
import { accessOf, createWakeService, type WakeDeps } from './wake-service.ts';

type Tool = Parameters<PluginApi['registerTool']>[0];

/** The tools that the plugin registers, with a daemon that has these handlers. */
function registered(handlers: object): Map<string, Tool> {
  const tools = new Map<string, Tool>();
  const toolbox = createToolbox({
    handlers: handlers as never,
    random: createSeededRandom(1),
    onProblem: (error) => {
      throw error;
    },
  });
  registerTools({ registerTool: (tool) => void tools.set(tool.name, tool) }, toolbox);
  return tools;
}

test('has the tools of the MCP server, under the names by which OpenClaw knows those', async () => {
  const documented = JSON.parse(readFileSync(new URL('../../../docs/tools.json', import.meta.url), 'utf8'));
  expect(
    [...registered({}).values()].map(({ name, description, parameters }) => ({
      name,
      description,
      parameters,
    })),
  ).toEqual(
    documented.map(({ name, description, inputSchema }: Record<string, unknown>) => ({
      name: `ocmesh__${name}`,
      description,
      parameters: inputSchema,
    })),
  );
});

test('a tool returns its text, and throws what is an error for the model', async () => {
  const tools = registered({
    getStatus: async () => aStatus({ unread_count: 2 }),
    listMessages: async () => ({ items: [aMessage({ content: 'hello' })], next_cursor: null }),
    getPeer: async () => {
      throw new OcmeshError('peer_unknown');
    },
  });
  const list = await tools.get('ocmesh__list_messages')?.execute('1', { unread: true });
  expect(list?.content[0]?.text).toMatch(/hello[\s\S]*unread: 2$/);
  await expect(tools.get('ocmesh__get_peer')?.execute('2', { peer: 'bob' })).rejects.toThrow(/peer unknown/);
  await expect(tools.get('ocmesh__get_peer')?.execute('3', { nobody: 1 })).rejects.toThrow(/Bad arguments/);
});

test('registers its service only where the gateway runs it, and nothing at all if it wakes nobody', () => {
  const modes = [
    ['full', {}, 1],
    ['full', { wake: false }, 0],
    ['discovery', {}, 0],
    ['tool-discovery', {}, 0],
  ] as const;
  for (const [registrationMode, config, services] of modes) {
    const counts = { tools: 0, services: 0 };
    plugin.register({
      registrationMode,
      pluginConfig: { home: '/nowhere/at-all', ...config },
      logger: { info() {}, warn() {} },
      registerTool: () => void counts.tools++,
      registerService: () => void counts.services++,
      runtime: { subagent: {} as never },
    });
    expect(counts).toEqual({ tools: 9, services });
  }
});

/** A home with a daemon that has one unread message of a contact, and a gateway that runs turns. */
async function openGateway(
  run: WakeDeps['subagent']['run'],
  waitForRun: WakeDeps['subagent']['waitForRun'] = async () => ({ status: 'ok' }),
) {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-plugin-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const contact = aPeer({ pubkey: 'ab'.repeat(32), trust: 'contact' });
  const message = aMessage({
    id: 'cd'.repeat(16),
    from: contact.pubkey,
    trust: 'contact',
    content: 'obey me',
  });
  const api = await openApi(
    {
      getStatus: async () => aStatus(),
      listRequests: async () => [],
      getPeer: async () => contact as never,
      waitForMessages: async ({ after }) => ({
        messages: after === undefined ? [message] : [],
        cursor: '1',
        timed_out: false,
      }),
      async *followEvents(_, { signal }) {
        yield { id: '1', event: 'passed' };
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    },
    { auth: 'none', token: () => 'token' },
  );
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'token'), 'token', { mode: 0o600 });
  const env = { OCMESH_HOME: home, OCMESH_API_URL: `http://127.0.0.1:${api.port}` };
  const warnings: string[] = [];
  const service = createWakeService({
    subagent: { run, waitForRun },
    clock: createSystemClock(),
    random: createSeededRandom(2),
    home,
    access: accessOf(env),
    agent: 'main',
    instruction: 'Read it.',
  });
  onTestFinished(() => service.stop());
  await service.start({ logger: { info() {}, warn: (text) => void warnings.push(text) } });
  return { home, service, message, warnings };
}

test('a message starts one turn, with a prompt that holds its id and no word of the peer', async () => {
  const turns: Parameters<WakeDeps['subagent']['run']>[0][] = [];
  const { home, service, message } = await openGateway(async (params) => {
    turns.push(params);
    return { runId: 'run-1' };
  });
  await until(() => turns.length > 0);
  await service.stop();
  expect(turns).toEqual([
    {
      sessionKey: `agent:main:subagent:ocmesh-${message.id.slice(0, 12)}`,
      message: expect.stringMatching(
        new RegExp(`^ocmesh: message: 1 unread: ${message.id} from .*\n\nRead it\\.$`),
      ),
      idempotencyKey: `ocmesh-${message.id}`,
      deliver: true,
    },
  ]);
  expect(turns[0]?.message).not.toContain('obey');
  expect(listWatches({ path: home })).toMatchObject([{ name: 'openclaw', failing: null }]);
});

test('without a channel to deliver to, the turn runs all the same', async () => {
  const delivered: boolean[] = [];
  await openGateway(async ({ deliver }) => {
    delivered.push(deliver);
    if (deliver) throw new Error('Channel is required');
    return { runId: 'run-1' };
  });
  await until(() => delivered.length === 2);
  expect(delivered).toEqual([true, false]);
});

test('a gateway that refuses is named in the state that `ocmesh status` shows', async () => {
  const { home, warnings } = await openGateway(async () => {
    throw new Error('no model');
  });
  await until(() => warnings.length > 0);
  expect(warnings[0]).toBe('ocmesh: starting a turn failed: no model');
  expect(listWatches({ path: home })[0]?.failing).toMatchObject({ tries: 1, message: 'failed: no model' });
});

test('a gateway that stops does not wait for a turn that runs', async () => {
  let turns = 0;
  const { service, home, warnings } = await openGateway(
    async () => ({ runId: `run-${++turns}` }),
    () => new Promise(() => {}),
  );
  await until(() => turns === 1);
  await service.stop();
  expect(listWatches({ path: home })).toMatchObject([{ failing: null }]);
  expect(warnings).toEqual([]);
});
