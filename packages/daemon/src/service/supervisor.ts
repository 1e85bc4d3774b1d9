import type { InstalledService, ServiceSpec } from './service-spec.ts';

/** A service manager that keeps the daemon running. Every call rejects with an ExitError that names the failed command. */
export interface Supervisor {
  readonly name: 'launchd' | 'systemd';
  /** Path of the plist or unit. */
  readonly specPath: string;
  /** Returns the plist or unit. */
  render(spec: ServiceSpec): string;
  /** Reads a plist or unit of ours; null for any other. */
  read(text: string): InstalledService | null;
  /** Installs the plist or unit, and starts or restarts the daemon with it. */
  install(spec: string): Promise<void>;
  uninstall(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  state(): Promise<SupervisorState>;
}

export interface SupervisorState {
  /** Whether the service manager knows the service. */
  readonly isLoaded: boolean;
  readonly pid: number | null;
  /** State as the service manager calls it, for people. */
  readonly summary: string;
}
