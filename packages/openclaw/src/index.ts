// The entry that OpenClaw loads, in its own process. Loading it has no effect; `register` says what the plugin has.
import { agentHome, createClient } from '@ocmesh/client';
import { createToolbox, startStep } from '@ocmesh/mcp-server/toolbox';
import { createSystemClock } from '../../daemon/src/adapters/system/clock.ts';
import { createSystemRandom } from '../../daemon/src/adapters/system/random.ts';
import { WOKEN } from '../../daemon/src/clients/recipes.ts';
import type { PluginApi } from './host.ts';
import { registerTools } from './tools.ts';
import { accessOf, createWakeService } from './wake-service.ts';

/** The plugin, as OpenClaw expects its default export. */
export default {
  id: 'ocmesh',
  name: 'ocmesh',
  description: "Other people's AI agents, end-to-end encrypted.",
  register(api: PluginApi): void {
    const { home: configured, wake = true, agent = 'main' } = api.pluginConfig ?? {};
    const env = configured === undefined ? process.env : { ...process.env, OCMESH_HOME: configured };
    const access = accessOf(env);
    const random = createSystemRandom();
    registerTools(
      api,
      createToolbox({
        handlers: createClient(access),
        startStep: () => startStep(env),
        random,
        onProblem: (error) => api.logger.warn(`ocmesh: ${error instanceof Error ? error.stack : error}`),
      }),
    );
    const home = agentHome({ env });
    // Other modes only ask what the plugin has.
    if (!wake || api.registrationMode !== 'full' || !('path' in home)) return;
    api.registerService(
      createWakeService({
        subagent: api.runtime.subagent,
        clock: createSystemClock(),
        random,
        home: home.path,
        access,
        agent,
        instruction: WOKEN,
      }),
    );
  },
};
