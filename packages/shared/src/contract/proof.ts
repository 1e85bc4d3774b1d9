/**
 * Text under the HMAC of `GET /proof`. It names the port: a program on another one cannot pass on the daemon's answer as
 * its own.
 */
export const proofText = (nonce: string, port: number): string => `ocmesh-proof-1 ${port} ${nonce}`;
