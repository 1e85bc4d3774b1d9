// The part of OpenClaw's plugin API that the plugin uses (2026.9): its package is 1 GB, and only its types would be needed.

/** The configuration of the plugin: `plugins.entries.ocmesh.config`. */
interface PluginConfig {
  /** Home of the agent; default: `OCMESH_HOME`, or `~/.ocmesh`. */
  readonly home?: string;
  /** Whether messages start turns of the agent; default: yes. */
  readonly wake?: boolean;
  /** The agent that is woken; default: `main`. */
  readonly agent?: string;
}

interface AgentTool {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** JSON schema of the arguments. */
  readonly parameters: unknown;
  /** Throws what the model should see as an error. */
  execute(
    callId: string,
    args: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<{ content: { type: 'text'; text: string }[]; details: Record<string, unknown> }>;
}

export interface Logger {
  info(text: string): void;
  warn(text: string): void;
}

interface Service {
  readonly id: string;
  start(context: { readonly logger: Logger }): Promise<void>;
  stop(): Promise<void>;
}

export interface PluginApi {
  readonly registrationMode: string;
  readonly pluginConfig?: PluginConfig | undefined;
  readonly logger: Logger;
  registerTool(tool: AgentTool): void;
  registerService(service: Service): void;
  readonly runtime: {
    readonly subagent: {
      run(params: {
        readonly sessionKey: string;
        readonly message: string;
        readonly deliver: boolean;
        readonly idempotencyKey?: string;
      }): Promise<{ readonly runId: string }>;
      waitForRun(params: {
        readonly runId: string;
        readonly timeoutMs: number;
      }): Promise<{ readonly status: string; readonly error?: string }>;
    };
  };
}
