import { type Handlers, OcmeshError } from '@ocmesh/shared/contract';

/** Milliseconds for the daemon to answer: OpenClaw waits 1.5 s for the list of tools. */
const answerMs = 1000;

/** Whether the owner lets a model make contacts. No, where the daemon does not say so in time. */
export async function askMayTrust(handlers: Handlers): Promise<boolean> {
  try {
    const policy = await handlers.getPolicy({}, { signal: AbortSignal.timeout(answerMs) });
    return policy.mcp_may_trust;
  } catch {
    return false;
  }
}

/**
 * The list of tools is made once; the owner may have changed their mind since.
 * @throws OcmeshError `owner_only`
 */
export async function checkMayTrust(handlers: Handlers, signal: AbortSignal): Promise<void> {
  const policy = await handlers.getPolicy({}, { signal });
  if (!policy.mcp_may_trust) throw new OcmeshError('owner_only');
}
