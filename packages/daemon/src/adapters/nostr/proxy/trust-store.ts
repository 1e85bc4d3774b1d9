import * as tls from 'node:tls';

/** From Node 22.15: includes NODE_EXTRA_CA_CERTS and, with --use-system-ca, the system's. */
const readDefaults = (tls as { getCACertificates?: (type: 'default') => readonly string[] })
  .getCACertificates;

/** Returns TLS settings that trust these authorities besides the default ones; null if there are none. */
export const trustAlso = (authorities: readonly string[]): tls.SecureContext | null =>
  authorities.length === 0
    ? null
    : tls.createSecureContext({
        // A list replaces the default.
        ca: [...(readDefaults?.('default') ?? tls.rootCertificates), ...authorities],
      });
