import { join } from 'node:path';
import { renderPlist } from '../../packages/daemon/src/service/plist.ts';
import { describeService } from '../../packages/daemon/src/service/service-spec.ts';
import { writeDefinition } from '../../packages/daemon/src/service/spec-file.ts';
import { renderUnit } from '../../packages/daemon/src/service/unit.ts';

/** The file of an installed service, without the service. */
export function writeService(userHome: string, home: string, nodePath: string): void {
  const description = describeService({ home, nodePath, watchdogSec: 60 });
  if (process.platform === 'darwin')
    writeDefinition(join(userHome, 'Library/LaunchAgents/com.ocmesh.daemon.plist'), renderPlist(description));
  else writeDefinition(join(userHome, '.config/systemd/user/ocmesh.service'), renderUnit(description));
}
