import { join } from 'node:path';
import { renderPlist } from '../../packages/daemon/src/service/plist.ts';
import { createServiceSpec } from '../../packages/daemon/src/service/service-spec.ts';
import { writeSpecFile } from '../../packages/daemon/src/service/spec-file.ts';
import { renderUnit } from '../../packages/daemon/src/service/unit.ts';

/** Writes the plist or unit of an installed service, without installing it. */
export function writeServiceFile(userHome: string, home: string, nodePath: string): void {
  const spec = createServiceSpec({ home, nodePath, watchdogSec: 60 });
  if (process.platform === 'darwin')
    writeSpecFile(join(userHome, 'Library/LaunchAgents/com.ocmesh.daemon.plist'), renderPlist(spec));
  else writeSpecFile(join(userHome, '.config/systemd/user/ocmesh.service'), renderUnit(spec));
}
