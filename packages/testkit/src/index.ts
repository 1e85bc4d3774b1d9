export { type Actor, actor } from './actors.ts';
export {
  type ChaosProxy,
  type ChaosProxyOptions,
  type Direction,
  startChaosProxy,
} from './chaos-proxy.ts';
export type { Chaos } from './chaos-pump.ts';
export type { DeployedVersion } from './deployed-dialect.ts';
export {
  type DeployedPeer,
  type DeployedPeerOptions,
  type ReceivedDm,
  type SentDm,
  startDeployedPeer,
} from './deployed-peer.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export type { Frame, Tuning } from './hostile/behaviour.ts';
export { type HostileRelay, type HostileRelayOptions, startHostileRelay } from './hostile/hostile-relay.ts';
export { type HostileRelayName, hostileRelays } from './hostile/hostile-relays.ts';
export { type Injection, injectionCorpus } from './injection-corpus.ts';
export { invisibleCharacters } from './invisible-characters.ts';
export { type LaunchdJob, readJob } from './launchd/job-keys.ts';
export {
  type LaunchdStandIn,
  type LaunchdStandInOptions,
  startLaunchdStandIn,
} from './launchd/launchd-stand-in.ts';
export { readPlist } from './launchd/plist-reader.ts';
export {
  createProcessMesh,
  type ProcessMesh,
  type Running,
  type RunningAgent,
  waitForMessages,
} from './process-mesh.ts';
export { startConnectProxy } from './proxies/connect-proxy.ts';
export type { RecordingProxy, RecordingProxyOptions } from './proxies/recording-proxy.ts';
export { startSocksProxy } from './proxies/socks-proxy.ts';
export { testAuthority, testServer } from './proxies/test-certificates.ts';
export { createRealClock } from './real-clock.ts';
export { createRecordingLog, type LogLine, type RecordingLog } from './recording-log.ts';
export { connectRelay } from './relay-client.ts';
export {
  aliceKey,
  aMessage,
  aPeer,
  aPeerAlone,
  aRelay,
  aSentMessage,
  aStatus,
  bobKey,
} from './samples.ts';
export { createSeededRandom } from './seeded-random.ts';
export { measureSlowdown, type Slowdown, watchSlowdown } from './slowdown.ts';
export { type UntilOptions, until, watchProgram } from './until.ts';
