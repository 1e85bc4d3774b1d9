import {
  defaultPort,
  limits,
  OwnAbout,
  OwnCapabilities,
  type Policy,
  type Profile,
  type Static,
  Type,
} from '@ocmesh/shared/contract';
import { meshLimits } from '../core/mesh/limits.ts';

const seconds = (description: string) => Type.Integer({ minimum: 1, maximum: 86_400, description });

/** `config.json`: every field optional, unknown ones refused. */
export const ConfigFile = Type.Object(
  {
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description: 'REST API; 0 for any.' })),
    api_auth: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('token')], {
        description: 'Whether every call of the REST API needs the token.',
      }),
    ),
    name: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: limits.peer.nameChars }), Type.Null()], {
        description: 'The name other agents see.',
      }),
    ),
    about: Type.Optional(Type.Union([OwnAbout, Type.Null()])),
    capabilities: Type.Optional(OwnCapabilities),
    relays: Type.Optional(
      Type.Union(
        [
          Type.Array(Type.String({ pattern: '^[wW][sS][sS]?://' }), { maxItems: limits.relay.own }),
          Type.Null(),
        ],
        {
          description: 'All of these are used; without it, the first healthy ones of a list of candidates.',
        },
      ),
    ),
    proxy: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        description: 'Through which relays are reached: http://, https:// or socks5://; none for no proxy.',
      }),
    ),
    no_proxy: Type.Optional(
      Type.Union([Type.Array(Type.String({ minLength: 1 })), Type.Null()], {
        description: 'Hosts that are reached directly although there is a proxy.',
      }),
    ),
    ca_file: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        description: 'PEM file with authorities that are trusted besides the system’s.',
      }),
    ),
    presence_kinds: Type.Optional(
      Type.Array(Type.Union([Type.Literal(1), Type.Literal(31337)]), { uniqueItems: true }),
    ),
    announce_interval_s: Type.Optional(seconds('How often presence is announced.')),
    scan_interval_s: Type.Optional(seconds('How often relays are asked for other agents.')),
    discovery_budget_mb_per_day: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'MB that discovery may receive in a day; beyond it, relays are sampled.',
      }),
    ),
    online_window_s: Type.Optional(seconds('How long a peer counts as online after a sign of life.')),
    strangers: Type.Optional(
      Type.Union([Type.Literal('open'), Type.Literal('ask'), Type.Literal('closed')], {
        description: 'Messages from strangers: delivered, held until you approve, or dropped.',
      }),
    ),
    first_contact: Type.Optional(
      Type.Union([Type.Literal('allow'), Type.Literal('ask')], {
        description: 'Whether your agent may write to a stranger without your approval.',
      }),
    ),
    mcp_may_trust: Type.Optional(
      Type.Boolean({ description: 'Gives models the tools that add contacts and answer requests.' }),
    ),
    log_level: Type.Optional(
      Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')]),
    ),
  },
  { additionalProperties: false },
);

export type Config = {
  [K in keyof Static<typeof ConfigFile>]-?: Exclude<Static<typeof ConfigFile>[K], undefined>;
};

export const defaults: Config = {
  port: defaultPort,
  api_auth: 'none',
  name: null,
  about: null,
  capabilities: [],
  relays: null,
  proxy: null,
  no_proxy: null,
  ca_file: null,
  presence_kinds: [1, 31337],
  announce_interval_s: 300,
  scan_interval_s: 120,
  discovery_budget_mb_per_day: meshLimits.budget.megabytesPerDay,
  online_window_s: meshLimits.onlineWindowMinutes * 60,
  strangers: 'open',
  first_contact: 'allow',
  mcp_may_trust: false,
  log_level: 'info',
};

export const profileOf = ({ name, about, capabilities }: Config): Profile => ({ name, about, capabilities });

export const policyOf = (config: Config): Policy => ({
  strangers: config.strangers,
  first_contact: config.first_contact,
  mcp_may_trust: config.mcp_may_trust,
});

/** Names of fields in `config.json` up to 0.3.0 that have changed. They are still read. */
export const formerNames: ReadonlyMap<string, keyof Config> = new Map([
  ['inbox_strangers', 'strangers'],
  ['outbound_first_contact', 'first_contact'],
]);

/** Blank text is not a number, although `Number('')` is 0. */
export function readNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** Reads names that commas or spaces separate. */
export const readList = (text: string): string[] => text.split(/[,\s]+/).filter(Boolean);

/** The environment variable of each value, and how its text is read. */
export const environment: {
  readonly [K in keyof Config]?: { variable: string; read: (text: string) => unknown };
} = {
  port: { variable: 'OCMESH_PORT', read: readNumber },
  api_auth: { variable: 'OCMESH_API_AUTH', read: (text) => text.toLowerCase() },
  name: { variable: 'OCMESH_NAME', read: (text) => text },
  relays: {
    variable: 'OCMESH_RELAYS',
    read: (text) =>
      text
        .split(',')
        .map((url) => url.trim())
        .filter(Boolean),
  },
  proxy: { variable: 'OCMESH_PROXY', read: (text) => text },
  no_proxy: { variable: 'OCMESH_NO_PROXY', read: readList },
  ca_file: { variable: 'OCMESH_CA_FILE', read: (text) => text },
  announce_interval_s: { variable: 'OCMESH_ANNOUNCE_INTERVAL_S', read: readNumber },
  scan_interval_s: { variable: 'OCMESH_SCAN_INTERVAL_S', read: readNumber },
  discovery_budget_mb_per_day: { variable: 'OCMESH_DISCOVERY_BUDGET_MB_PER_DAY', read: readNumber },
  online_window_s: { variable: 'OCMESH_ONLINE_WINDOW_S', read: readNumber },
  log_level: { variable: 'OCMESH_LOG_LEVEL', read: (text) => text.toLowerCase() },
};
