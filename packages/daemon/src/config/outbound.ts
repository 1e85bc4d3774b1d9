import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import * as tls from 'node:tls';
import { namedHome } from '@ocmesh/client';
import type { Status } from '@ocmesh/shared/contract';
import type { Outbound } from '../adapters/nostr/proxy/dialer.ts';
import { isExempt } from '../adapters/nostr/proxy/no-proxy.ts';
import { type ProxyAddress, parseProxyAddress } from '../adapters/nostr/proxy/proxy-address.ts';
import { describeSystemError } from '../node/system-error.ts';
import { refuse } from './refuse.ts';
import { type Config, readList } from './schema.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Variables of the system that name a proxy, in the order in which they count. */
const proxyVariables = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const;

/** Returns the variable of the system that names a proxy; null if there is none. */
export const proxyVariable = (env: Env): string | null => proxyVariables.find((name) => env[name]) ?? null;

/** How relays are reached, and where that was decided. */
export interface OutboundSettings extends Outbound {
  /** The file or variable that names the proxy; null without one. */
  readonly proxyFrom: string | null;
}

/**
 * Whether connections with these settings would go around the proxy that a daemon uses, which may have it from an
 * environment of its own.
 */
export const goesAround = (used: Status['proxy'], { proxy }: Outbound): boolean =>
  used !== null && used.address !== proxy?.shown;

/**
 * Finds out how relays are reached: by the settings or, without `proxy`, by the variables of the system.
 * @param origins where each setting comes from
 * @param path of `config.json`
 * @throws ExitError that names the invalid value and its source
 */
export function outboundSettings(
  values: Pick<Config, 'proxy' | 'no_proxy' | 'ca_file'>,
  origins: Readonly<Record<'proxy' | 'ca_file', string>>,
  env: Env,
  path: string,
): OutboundSettings {
  const variable = values.proxy === null ? proxyVariable(env) : null;
  const exempt =
    values.no_proxy ?? (variable === null ? [] : readList(env['no_proxy'] || env['NO_PROXY'] || ''));
  // Exempting every host is how people switch a proxy off.
  const proxyFrom = exempt.includes('*')
    ? null
    : (variable ?? (values.proxy === null ? null : origins.proxy));
  // As in curl, a proxy of the system without a protocol is an HTTP proxy.
  const named = variable === null ? values.proxy : (env[variable] ?? '').replace(/^(?!.*:\/\/)/, 'http://');
  const proxy = proxyFrom === null || named === null ? null : readProxy(named, proxyFrom, variable !== null);
  return {
    proxy,
    proxyFrom: proxy && proxyFrom,
    isExempt: (host, port) => isExempt(exempt, host, port),
    authorities:
      values.ca_file === null
        ? []
        : [...extraOfNode(env), ...readCaFile(values.ca_file, origins.ca_file, path)],
  };
}

function readProxy(text: string, origin: string, isOfSystem: boolean): ProxyAddress | null {
  if (!isOfSystem && text.toLowerCase() === 'none') return null;
  const proxy = parseProxyAddress(text);
  if (!('problem' in proxy)) return proxy;
  if (!isOfSystem) throw refuse(origin, `proxy: ${proxy.problem}, or none`);
  throw refuse(origin, `${proxy.problem}; OCMESH_PROXY=none, or proxy in config.json, overrides it`);
}

/** Returns the certificates of a file that the owner named. */
function readCaFile(text: string, origin: string, path: string): string[] {
  const isOfFile = origin === path && !isAbsolute(text) && !text.startsWith('~');
  const file = namedHome('ca_file', isOfFile ? join(dirname(path), text) : text);
  if ('problem' in file) throw refuse(origin, file.problem.replace(/\.$/, ''));
  let pem: string;
  try {
    pem = readFileSync(file.path, 'utf8');
  } catch (error) {
    const why = describeSystemError(error)?.message ?? `${file.path} cannot be read`;
    throw refuse(origin, `ca_file: ${why.replace(/\.$/, '')}`);
  }
  const certificates = certificatesIn(pem);
  if (certificates.length === 0) throw refuse(origin, `ca_file: ${file.path} holds no PEM certificate`);
  if (certificates.some((one) => !isCertificate(one)))
    throw refuse(origin, `ca_file: a certificate in ${file.path} cannot be read`);
  return certificates;
}

/**
 * Returns the certificates of NODE_EXTRA_CA_CERTS, if Node does not give us its whole list (before 22.15). Node itself has
 * warned of a file that it cannot read.
 */
function extraOfNode(env: Env): string[] {
  const file = env['NODE_EXTRA_CA_CERTS'];
  if (!file || 'getCACertificates' in tls) return [];
  try {
    return certificatesIn(readFileSync(file, 'utf8')).filter(isCertificate);
  } catch {
    return [];
  }
}

const certificatesIn = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
