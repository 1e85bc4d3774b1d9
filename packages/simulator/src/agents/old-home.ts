import { dayMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { createSegment } from '../../../daemon/src/adapters/store/engine/journal.ts';
import { writeSnapshot } from '../../../daemon/src/adapters/store/engine/snapshot.ts';
import { createSchema, migrations } from '../../../daemon/src/adapters/store/sql/migrations/index.ts';
import { openSql } from '../../../daemon/src/adapters/store/sql/sql.ts';
import { createMemoryFiles } from '../../../daemon/test/support/memory-files.ts';
import { secretKeyOf } from '../crypto/transparent-engine.ts';
import { EPOCH_MS } from '../time/machine-clock.ts';
import type { World } from '../world.ts';
import { KEY, PATH } from './open-daemon.ts';

const MESSAGES = 5;
const AT_MS = EPOCH_MS - dayMs;

/** What the home of a machine held before its upgrade. */
export interface OldHome {
  readonly pubkey: Pubkey;
  /** Of a peer that nobody has heard of since. */
  readonly messages: readonly { readonly id: string; readonly content: string }[];
}

const keyOf = ({ plan }: World, name: string): Uint8Array => secretKeyOf(`${plan.seed} ${name}`);

export const oldHomeOf = (world: World, name: string): OldHome => ({
  pubkey: world.engine.publicKey(keyOf(world, name)),
  messages: Array.from({ length: MESSAGES }, (_, at) => ({
    id: `old-${name}-${at}`,
    content: `message ${at} to ${name} from before the upgrade`,
  })),
});

/** Returns the files of a home as the version with this schema left them. */
export async function writeOldHome(
  world: World,
  name: string,
  schema: number,
): Promise<ReadonlyMap<string, Buffer>> {
  const sql = await openSql(null);
  createSchema(migrations.slice(0, schema)).migrate(sql);
  const peer = world.engine.publicKey(keyOf(world, 'a peer of old'));
  sql.run("INSERT INTO meta VALUES('secret_key', ?)", [Buffer.from(keyOf(world, name)).toString('hex')]);
  sql.run(
    `INSERT INTO peers(pubkey, features, capabilities, trust, first_seen, last_seen, presence_at_sec, hello)
     VALUES(?, '[]', '[]', 'stranger', ?, ?, 0, 'none')`,
    [peer, AT_MS, AT_MS],
  );
  for (const { id, content } of oldHomeOf(world, name).messages) {
    world.strangersTexts.set(content, peer);
    sql.run(
      `INSERT INTO messages(id, event_id, peer, direction, type, content, timestamp, arrived_at, read, state, receipt_due)
       VALUES(?, ?, ?, 'in', 'text', ?, ?, ?, 1, 'received', 'none')`,
      [id, id, peer, content, AT_MS, AT_MS],
    );
  }
  const files = createMemoryFiles();
  const generation = 2;
  const segment = await createSegment(files, PATH, KEY, generation, schema);
  segment.close();
  await writeSnapshot(files, PATH, KEY, sql, { generation, sequence: 0 });
  sql.close();
  return files.contents();
}
