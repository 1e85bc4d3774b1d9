import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { nextSteps } from '@ocmesh/shared/contract';
import { describe, expect, it } from 'vitest';

// The arrows of ARCHITECTURE.md. The compiler holds the rest: core knows no Node types, packages name what they use.

const root = import.meta.dirname;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const isTest = (path: string): boolean => /\.(test|contract)\.tsx?$/.test(path);

const sources: readonly Source[] = [
  'shared',
  'client',
  'daemon',
  'mcp-server',
  'relay',
  'testkit',
  'simulator',
  'page',
  'openclaw',
].flatMap((name) => {
  const folder = join(root, 'packages', name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !isTest(file))
    .map((file) => {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, target = '']) =>
        target.startsWith('.') ? relative(root, join(path, '..', target)) : target,
      );
      return { path: relative(root, path), text, imports };
    });
});

const daemon = 'packages/daemon/src';

/** Files under `of` may not import anything that matches `not`. */
const arrows: readonly { of: RegExp; not: RegExp; why: string }[] = [
  {
    of: /^packages\/shared\//,
    not: /^@ocmesh\/|^packages\/(?!shared)/,
    why: 'shared imports nothing of ours',
  },
  {
    of: /^packages\/(client|relay)\//,
    not: /^@ocmesh\/(?!shared)/,
    why: 'client and relay import only shared',
  },
  {
    of: /^packages\/(mcp-server|testkit)\//,
    not: /^@ocmesh\/(?!shared|client)/,
    why: 'mcp-server and testkit import only shared and client',
  },
  {
    of: /^packages\/shared\/src\/contract\//,
    not: /shared\/src\/wire\//,
    why: 'contract does not know the wire',
  },
  {
    of: /^packages\/daemon\/src\/core\//,
    not: /^packages\/daemon\/src\/(?!core)|^node:|^(?!@ocmesh\/shared|nostr-tools\/|packages\/)/,
    why: 'core imports shared, its ports and its model',
  },
  { of: /daemon\/src\/core\/model\//, not: /core\/(?!model)/, why: 'the model stands alone' },
  { of: /daemon\/src\/core\/ports\//, not: /core\/(?!model|ports)/, why: 'ports name only the model' },
  {
    of: /daemon\/src\/core\/mesh\//,
    not: /core\/(messaging|outbox|catch-up)\//,
    why: 'mesh and messaging meet in agent.ts',
  },
  {
    of: /daemon\/src\/core\/(messaging|outbox|catch-up)\//,
    not: /core\/mesh\//,
    why: 'messaging and mesh meet in agent.ts',
  },
  {
    of: /daemon\/src\/core\/outbox\//,
    not: /core\/(messaging|catch-up|ingest|trust)\//,
    why: 'the outbox sends what it is given',
  },
  {
    of: /daemon\/src\/core\/catch-up\//,
    not: /core\/(messaging|outbox|trust)\//,
    why: 'catch-up fetches and hands over',
  },
  {
    of: /adapters\/store\/engine\//,
    not: /adapters\/store\/tables\//,
    why: 'the engine of the store knows no tables',
  },
  {
    of: /adapters\/store\/sql\//,
    not: /adapters\/store\/(engine|tables)\//,
    why: 'sql is the lowest floor of the store',
  },
  {
    of: /daemon\/src\/node\//,
    not: /^packages\/daemon\/src\/(?!node)|^@ocmesh\//,
    why: 'node/ is what every adapter may use: it imports nothing of ours',
  },
  { of: /daemon\/src\/cli\/terminal\//, not: /cli\/commands\//, why: 'commands use the terminal' },
  { of: /daemon\/src\/doctor\/probes\//, not: /doctor\/checks\//, why: 'checks use the probes' },
  { of: /daemon\/src\/core\//, not: /core\/handlers\//, why: 'handlers are the outermost ring of core' },
  {
    of: /daemon\/src\/(core|adapters|config|agent)/,
    not: /src\/(cli|app|home|doctor)\b/,
    why: 'app, home, doctor and cli are on top',
  },
  {
    of: /daemon\/src\/(?!cli)/,
    not: /^@ocmesh\/(relay|mcp-server)/,
    why: 'the cli alone loads relay and mcp-server',
  },
  {
    of: /^packages\/simulator\//,
    not: /^@ocmesh\/(?!shared)|^packages\/daemon\/src\/(?!agent|config\/schema|core|home\/without-cursors|adapters\/(store|nostr)\/)|^packages\/(client|mcp-server)\/|^(ws|nostr-tools|node:(net|http|https|fs\/promises|timers|worker_threads))/,
    why: 'the simulator reaches no network and no clock: of the daemon it uses core, store and relay network',
  },
  {
    of: /^packages\/page\//,
    not: /^@ocmesh\/(?!shared|client\/browser$)|^node:/,
    why: 'the page imports only shared and the part of the client that needs no Node.js',
  },
  {
    of: /^packages\/page\/src\/state\//,
    not: /page\/src\/(?!state)|^preact/,
    why: 'the state of the page knows no browser',
  },
  {
    of: /^packages\/openclaw\//,
    not: /^@ocmesh\/(?!shared|client|mcp-server\/toolbox)|^packages\/daemon\/src\/(?!watch|clients\/recipes|adapters\/system\/(clock|random|home)\.ts)/,
    why: 'the OpenClaw plugin uses the toolbox, and of the daemon the watcher',
  },
  {
    of: /^packages\/(?!openclaw)/,
    not: /^@ocmesh\/openclaw|^packages\/openclaw\//,
    why: 'nothing imports the OpenClaw plugin',
  },
  {
    of: /^packages\/(?!simulator)/,
    not: /^@ocmesh\/simulator|^packages\/simulator\//,
    why: 'nothing imports the simulator',
  },
];

/** A library and the only file, or folder, of each package that may import it. */
const places: readonly { library: RegExp; only: readonly string[] }[] = [
  { library: /^typebox/, only: ['packages/shared/src/contract/typebox.ts'] },
  { library: /^ajv/, only: ['packages/shared/src/contract/compile-schema.ts'] },
  {
    library: /^nostr-tools/,
    only: [
      `${daemon}/core/identity/nostr-tools-engine.ts`,
      `${daemon}/core/identity/public-key-text.ts`,
      `${daemon}/core/identity/secret-key-text.ts`,
      'packages/relay/src/verify.ts',
      'packages/testkit/src/',
    ],
  },
  { library: /^tiny-secp256k1/, only: [`${daemon}/adapters/crypto/secp256k1.ts`] },
  {
    library: /^ws$/,
    only: [`${daemon}/adapters/nostr/connection.ts`, 'packages/relay/src/', 'packages/testkit/src/'],
  },
  { library: /^socks$/, only: [`${daemon}/adapters/nostr/proxy/socks-tunnel.ts`] },
  { library: /^sql\.js/, only: [`${daemon}/adapters/store/sql/sql.ts`] },
  { library: /^koa$/, only: [`${daemon}/adapters/http/`] },
  { library: /^@koa\/router/, only: [`${daemon}/adapters/http/routes.ts`] },
  { library: /^pino/, only: [`${daemon}/adapters/log/logger.ts`] },
  { library: /^prom-client$/, only: [`${daemon}/adapters/metrics/`] },
  { library: /^@clack/, only: [`${daemon}/cli/`] },
  { library: /^commander/, only: [`${daemon}/cli/`] },
  { library: /^@bomb\.sh\/tab/, only: [`${daemon}/cli/commands/completion.ts`] },
  { library: /^yocto-spinner/, only: [`${daemon}/cli/terminal/progress.ts`] },
  { library: /^fast-string-truncated-width/, only: [`${daemon}/cli/terminal/table.ts`] },
  { library: /^uplot/, only: ['packages/page/src/plots/plot.tsx'] },
  { library: /^uqr/, only: ['packages/page/src/ui/qr-code.tsx'] },
  { library: /^(preact|@preact\/)/, only: ['packages/page/src/'] },
  { library: /^@modelcontextprotocol\//, only: ['packages/mcp-server/src/server.ts'] },
];

/** Ambient time, chance and output, and who may touch them. */
const ambient =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(Timeout|Interval)\(|\bperformance\.now\b|\bconsole\./;
const mayTouch = [
  `${daemon}/adapters/system/`,
  // The deadline of a call, and the end of a process that serves one client: hosts have no clock to pass.
  'packages/mcp-server/src/server.ts',
  'packages/mcp-server/src/toolbox.ts',
  // Act as separate programs, over real sockets.
  'packages/testkit/src/deployed-',
  'packages/testkit/src/relay-client.ts',
  'packages/testkit/src/process-mesh.ts',
  // In a browser, next to what it shows.
  'packages/page/src/main.tsx',
  'packages/page/src/ui/',
  'packages/page/src/picture/canvas.ts',
  // Wait for real programs, and measure the machine.
  'packages/testkit/src/until.ts',
  'packages/testkit/src/slowdown.ts',
  'packages/testkit/src/real-clock.ts',
];

const under = (path: string, places: readonly string[]): boolean =>
  places.some((place) => path.startsWith(place));
/** Comments may name what code may not use. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '');

/** Returns each cycle once, as its nodes. */
function cyclesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  function visit(node: string, path: readonly string[]): void {
    const start = path.indexOf(node);
    if (start >= 0) cycles.push([...path.slice(start), node].join(' → '));
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  }
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}

describe('architecture', () => {
  it('reads the sources', () => {
    expect(sources.length).toBeGreaterThan(80);
  });

  it.each(arrows)('$why', ({ of, not }) => {
    const wrong = sources
      .filter(({ path }) => of.test(path))
      .flatMap(({ path, imports }) =>
        imports.filter((target) => not.test(target)).map((target) => `${path} → ${target}`),
      )
      // Handlers may import handlers.
      .filter((arrow) => !/core\/handlers\/.* → .*core\/handlers\//.test(arrow));
    expect(wrong).toEqual([]);
  });

  it('no adapter imports another', () => {
    const folder = /^packages\/daemon\/src\/adapters\/([^/]+)\//;
    const wrong = sources.flatMap(({ path, imports }) => {
      const own = folder.exec(path)?.[1];
      return imports
        .filter((target) => own && (folder.exec(target)?.[1] ?? own) !== own)
        .map((target) => `${path} → ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it.each(places)('$library is imported in one place', ({ library, only }) => {
    const wrong = sources.filter(
      ({ path, imports }) => imports.some((one) => library.test(one)) && !under(path, only),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('time, chance and output are passed in', () => {
    const wrong = sources.filter(({ path, text }) => ambient.test(codeOf(text)) && !under(path, mayTouch));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('no file reaches for the types that its project was denied', () => {
    expect(sources.filter(({ text }) => /\/\/\/\s*<reference/.test(text)).map(({ path }) => path)).toEqual(
      [],
    );
  });

  it('no folder of core imports another that imports it', () => {
    const folder = /^packages\/daemon\/src\/core\/([^/]+)\//;
    const graph = new Map<string, Set<string>>();
    for (const { path, imports } of sources) {
      const from = folder.exec(path)?.[1];
      if (!from) continue;
      const targets = imports.flatMap((target) => folder.exec(target)?.[1] ?? []);
      graph.set(from, new Set([...(graph.get(from) ?? []), ...targets.filter((to) => to !== from)]));
    }
    expect(graph.size).toBeGreaterThan(10);
    expect(cyclesOf(graph)).toEqual([]);
  });

  it('no file imports another that imports it, types included', () => {
    const graph = new Map(sources.map(({ path, imports }) => [path, new Set(imports)]));
    expect(cyclesOf(graph)).toEqual([]);
  });

  it('every problem with a next step is thrown somewhere', () => {
    const thrown = new Set(
      sources.flatMap(({ text }) => [...text.matchAll(/\bproblem: '(\w+)'/g)].map(([, name]) => name)),
    );
    expect([...thrown]).toEqual(expect.arrayContaining(Object.keys(nextSteps.problems)));
  });

  it('no file has more than 400 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 401);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});
