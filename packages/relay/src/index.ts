export type { DataFolder } from './event-service.ts';
export type { RelayLimits } from './limits.ts';
export { type Relay, type RelayOptions, type RelayStats, startRelay } from './relay.ts';
