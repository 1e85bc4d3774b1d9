export { type Actor, actor } from './actors.ts';
export type { DeployedVersion } from './deployed-dialect.ts';
export {
  type DeployedPeer,
  type DeployedPeerOptions,
  type ReceivedDm,
  type SentDm,
  startDeployedPeer,
} from './deployed-peer.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export {
  createProcessMesh,
  type ProcessMesh,
  type Running,
  type RunningAgent,
  until,
} from './process-mesh.ts';
export { createRecordingLog, type LogLine, type RecordingLog } from './recording-log.ts';
export { createSeededRandom } from './seeded-random.ts';
