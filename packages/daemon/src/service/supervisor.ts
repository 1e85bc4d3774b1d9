import type { InstalledService, ServiceDescription } from './service-spec.ts';

/** A service manager that keeps the daemon alive. Every call rejects with a ExitError that says what it refused. */
export interface Supervisor {
  readonly name: 'launchd' | 'systemd';
  /** Where the plist or unit stands. */
  readonly definitionPath: string;
  render(description: ServiceDescription): string;
  /** What a plist or unit of ours says; null for any other. */
  read(text: string): InstalledService | null;
  /** Takes the definition up and starts the daemon anew, whatever was there. */
  install(definition: string): Promise<void>;
  uninstall(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  state(): Promise<SupervisorState>;
}

export interface SupervisorState {
  /** Whether the service manager knows the service at all. */
  readonly isLoaded: boolean;
  readonly pid: number | null;
  /** In the service manager's own words, for people. */
  readonly words: string;
}
