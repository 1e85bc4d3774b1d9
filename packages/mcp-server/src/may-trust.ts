import { type Handlers, OcmeshError } from '@ocmesh/shared/contract';

/** Milliseconds for the daemon to respond: OpenClaw waits 1.5 s for the list of tools. */
const responseMs = 1000;

/** Whether the owner allows a model to add contacts; false if the daemon does not respond in time. */
export async function askMayTrust(handlers: Handlers): Promise<boolean> {
  try {
    const policy = await handlers.getPolicy({}, { signal: AbortSignal.timeout(responseMs) });
    return policy.mcp_may_trust;
  } catch {
    return false;
  }
}

/**
 * Checks the policy again: the list of tools is made once, and the owner may have changed it since.
 * @throws OcmeshError `owner_only`
 */
export async function checkMayTrust(handlers: Handlers, signal: AbortSignal): Promise<void> {
  const policy = await handlers.getPolicy({}, { signal });
  if (!policy.mcp_may_trust) throw new OcmeshError('owner_only');
}
