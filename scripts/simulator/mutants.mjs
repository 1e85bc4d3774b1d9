// Bugs that the simulator has to find: each replaces one text of the product in a bundle, and fails when that text has moved.
// `why` says what is wrong with it, `not` why it cannot be found here.

const daemon = 'packages/daemon/src';
const core = `${daemon}/core`;
const engine = `${daemon}/adapters/store/engine`;

/** @type {readonly { readonly name: string, readonly patches: readonly import('./bundle-simulator.mjs').Patch[] }[]} */
export const mutants = [
  {
    name: '200 before fsync',
    patches: [
      {
        file: `${daemon}/adapters/store/store.ts`,
        from: 'return journal.onDisk().then(() => result);',
        to: 'return Promise.resolve(result);',
      },
    ],
  },
  {
    name: 'cursor moved too early',
    patches: [
      {
        file: `${core}/catch-up/relay-catch-up.ts`,
        from: '  return Math.max(from - MESSAGE_LOOK_BACK_MS, Math.min(knownSinceMs, nowMs));',
        to: '  return Math.max(from - 60_000, Math.min(knownSinceMs, nowMs));',
      },
      {
        file: `${core}/catch-up/relay-catch-up.ts`,
        from: '      const found = await deps.fetchMessages(',
        to: '      await store.transaction((tables) => tables.relays.setCursor(url, startedAtMs));\n      const found = await deps.fetchMessages(',
      },
    ],
  },
  {
    name: 'dedupe by event id only',
    patches: [
      {
        file: `${core}/messaging/receive.ts`,
        from: '  const copy = earlier && copyOf(tables, earlier, message);',
        to: '  const copy = null as MessageRecord | null;',
      },
    ],
  },
  {
    name: 'mid ignored',
    patches: [{ file: `${core}/messaging/receive.ts`, from: '  id: chat.mid ?? dm.id,', to: '  id: dm.id,' }],
  },
  {
    name: 'receipt before commit',
    patches: [
      {
        file: `${core}/ingest/apply.ts`,
        from: '      emit(await store.transaction(apply, (effects) => mayWaitMs(batch, effects)));',
        to: `      let early: readonly DomainEvent[] = [];
      const committed = store.transaction((tables) => {
        early = apply(tables);
      });
      emit(early);
      await committed;`,
      },
      {
        file: `${core}/messaging/receipts.ts`,
        from: '    await settle(group, items);\n    deps.offer(items);',
        to: '    const settled = settle(group, items);\n    deps.offer(items);\n    await settled;',
      },
    ],
  },
  {
    name: 'retry signs anew',
    patches: [
      {
        file: `${core}/outbox/resign-event.ts`,
        from: '      return isStale && resign(entry, item, outcomes);',
        to: '      return (isStale || outcomes.length > 0) && resign(entry, item, outcomes);',
      },
    ],
  },
  {
    name: 'seen ids forgotten after a day',
    patches: [{ file: `${core}/messaging/limits.ts`, from: 'seenDays: 30,', to: 'seenDays: 1,' }],
  },
  {
    name: 'canary ignored',
    patches: [
      {
        file: `${core}/relays/relay-tests.ts`,
        from: "    drops: (url) => book.of(url).keeps.answer === 'no',",
        to: '    drops: () => false,',
      },
    ],
  },
  {
    name: 'published from a liar',
    patches: [
      {
        file: `${core}/outbox/delivery-state.ts`,
        from: "  if (outcome.outcome !== 'accepted') return [];",
        to: "  if (outcome.outcome === 'rejected') return [];",
      },
    ],
  },
  {
    name: 'health ignores tests of relays',
    patches: [
      {
        file: `${core}/status/relay-health.ts`,
        from: "open.length > 0 && open.every(({ url }) => conductOf(url).keeps.answer === 'no'),",
        to: "open.length < 0 && open.every(({ url }) => conductOf(url).keeps.answer === 'no'),",
      },
    ],
  },
  {
    name: 'block list checked after crypto',
    patches: [
      {
        file: `${core}/ingest/gate.ts`,
        from: "  if (isBlocked(event.pubkey)) return refuse('blocked');",
        to: '',
      },
    ],
  },
  {
    name: 'block list not checked',
    patches: [
      {
        file: `${core}/ingest/gate.ts`,
        from: "  if (isBlocked(event.pubkey)) return refuse('blocked');",
        to: '',
      },
      {
        file: `${core}/messaging/receive.ts`,
        from: "          if (tables.peers.get(dm.author)?.trust === 'blocked') return refuse('blocked');",
        to: '',
      },
    ],
  },
  {
    name: 'loop guard off by one hop',
    patches: [
      {
        file: `${core}/trust/loop-guard.ts`,
        from: 'hops > trustLimits.loop.autoHops ||',
        to: 'hops > trustLimits.loop.autoHops + 1 ||',
      },
    ],
  },
  {
    name: 'wrong order on catch-up',
    patches: [
      {
        file: `${core}/ingest/pipeline.ts`,
        from: 'const inOrder = inspected.filter((one) => one !== null).sort(bySenderOrder);',
        to: 'const inOrder = inspected.filter((one) => one !== null).sort((a, b) => -bySenderOrder(a, b));',
      },
    ],
  },
  {
    name: 'late messages are listed last',
    patches: [
      {
        file: `${core}/messaging/conversation-order.ts`,
        from: '  const order = seq === null ? last(arrival) :',
        to: '  const order = arrival > 0 ? last(arrival, seq ?? 0) :',
      },
    ],
  },
  {
    name: 'lane stuck after a refusal',
    patches: [{ file: `${core}/outbox/lane.ts`, from: '    else retry(entry);', to: '' }],
  },
  {
    name: 'expired by a jumped clock',
    patches: [
      {
        file: `${core}/outbox/entries.ts`,
        from: 'tables.outbox.expired(deps.confirmedNow())',
        to: 'tables.outbox.expired(clock.now())',
      },
    ],
  },
  {
    name: 'goodbye of a twin',
    patches: [
      {
        file: `${daemon}/agent.ts`,
        from: "if (event.type === 'twin.left') announcer.onTwinLeft(event.createdAtSec);",
        to: '',
      },
    ],
  },
  {
    name: 'a spared relay never looked at again',
    patches: [
      {
        file: `${core}/outbox/targets.ts`,
        from: 'const needed = [...entry.skipped].filter((url) => !isSkipped(entry, url, open));',
        to: 'const needed = [...entry.skipped].filter((url) => url === "" && !isSkipped(entry, url, open));',
      },
    ],
  },
  {
    name: 'look-back shortened by junk',
    patches: [
      {
        file: `${core}/ingest/apply.ts`,
        from: '    else tables.seen.addIgnored(eventId, atMs);',
        to: '    else tables.seen.add(eventId, atMs, url);',
      },
      {
        file: `${core}/ingest/inspect.ts`,
        from: "    if (remembered === 'on disk') tables.seen.addIgnored(eventId, atMs);",
        to: "    if (remembered === 'on disk') tables.seen.add(eventId, atMs, 'wss://relay-0.sim');",
      },
    ],
  },
  {
    name: 'room made from the wrong peer',
    patches: [
      {
        file: `${core}/messaging/retention.ts`,
        from: "const [holder] = largest('received', { limit: 1, withoutContacts: !room.isContact });",
        to: "const holder = largest('received', { limit: 9, withoutContacts: false }).at(-1);",
      },
    ],
  },
  {
    name: 'a deadline by the wall clock',
    patches: [
      {
        file: `${core}/status/time-watch.ts`,
        from: '    confirmedNow: confirmed.now,',
        to: '    confirmedNow: clock.now,',
      },
    ],
  },
  {
    name: 'two owners of one home',
    patches: [
      {
        file: `${engine}/journal-writer.ts`,
        from: '      if (!into.isLinked()) throw',
        to: '      if (into.number < 0) throw',
      },
      {
        file: `${engine}/journal-writer.ts`,
        from: '      deps.checkOwnership();\n    } catch (error) {',
        to: '    } catch (error) {',
      },
    ],
  },
  {
    name: 'outbox not read at the start',
    patches: [
      {
        file: `${core}/outbox/outbox.ts`,
        from: '      for (const item of store.peek((tables) => tables.outbox.entries())) add(item);',
        to: '',
      },
    ],
  },
  {
    name: 'owed receipts forgotten at the start',
    patches: [{ file: `${daemon}/agent.ts`, from: '      start: receipts.wake,', to: '      start() {},' }],
  },
  {
    name: 'no catch-up after a short interruption',
    patches: [
      {
        file: `${core}/catch-up/relay-catch-up.ts`,
        from: "    return fetch('shallow');",
        to: '    return Promise.resolve();',
      },
      {
        file: `${core}/catch-up/live-check.ts`,
        from: '    cancelCheck = clock.after(Math.min(pauseMs, MOST_PAUSE_MS), () => void check());',
        to: '',
      },
      {
        file: `${core}/catch-up/live-check.ts`,
        from: '      cancelAsk ??= clock.after(pauseMs, () => void ask());',
        to: '',
      },
    ],
  },
  {
    name: 'signatures not checked',
    patches: [
      {
        file: `${core}/ingest/scheduler.ts`,
        from: '        const isAuthentic = engine.verify(job.event);',
        to: '        const isAuthentic = engine !== undefined;',
      },
    ],
  },
  {
    name: 'a receipt of anyone counts',
    patches: [
      {
        file: `${daemon}/adapters/store/tables/messages.ts`,
        from: "head(`(id = ? OR event_id = ?) AND peer = ? AND direction = 'out'`, id, id, peer),",
        to: "head(`(id = ? OR event_id = ?) AND ? <> '' AND direction = 'out'`, id, id, peer),",
      },
    ],
  },
  {
    name: 'a time-out counts as accepted',
    patches: [
      {
        file: `${core}/outbox/attempts.ts`,
        from: '    const published = await network.publish(url, item.event, { mayIdentify });',
        to: `    const real = await network.publish(url, item.event, { mayIdentify });
    const published = real.outcome === 'timeout' ? { ...real, outcome: 'accepted' as const } : real;`,
      },
    ],
  },
  {
    name: 'messages are offered once',
    patches: [
      {
        file: `${core}/outbox/receipt-watch.ts`,
        from: '    deps.repeat(wait.entry, to, isNewEvent);',
        to: '    void [to, isNewEvent];',
      },
    ],
  },
  {
    name: 'journal removed before the snapshot has its name',
    patches: [
      {
        file: `${engine}/compactor.ts`,
        from: '    await installFile(deps.files, path);',
        to: '    journal.removeBefore(number);\n    await installFile(deps.files, path);',
      },
    ],
  },
  {
    name: 'segment before a crash is not settled',
    patches: [{ file: `${engine}/start-up.ts`, from: '    await settleSegment(files, path, last);', to: '' }],
  },
  {
    name: 'no offline presence from silence',
    patches: [
      {
        file: `${core}/model/peer.ts`,
        from: 'peer.offlineSinceMs === null && nowMs <= silentAtMs(peer, windowMs);',
        to: 'peer.offlineSinceMs === null && nowMs <= silentAtMs(peer, 1000 * windowMs);',
      },
    ],
  },
  {
    name: 'ids are never forgotten',
    patches: [
      {
        file: `${core}/messaging/retention.ts`,
        from: '        runEvery(60_000, () => trimIds(store, bounds, deps.confirmedNow())),',
        to: '',
      },
    ],
  },
  {
    name: 'an upgrade loses messages',
    patches: [
      {
        file: `${daemon}/adapters/store/sql/migrations/004-received.ts`,
        from: 'export const received = `',
        to: 'export const received = `\nDELETE FROM messages WHERE arrival > 3;',
      },
    ],
  },
  {
    name: 'a deferred message is not fetched again',
    patches: [
      {
        file: `${daemon}/agent.ts`,
        from: "        if (event.type === 'event.deferred') catchUp.onDeferred(event.url, event.createdAtSec);",
        to: '',
      },
    ],
  },
  {
    name: 'the cursor of an agent skips one',
    patches: [
      {
        file: `${core}/messaging/wait-for-messages.ts`,
        from: 'return { ...found, cursor: newest.arrival, timedOut: false };',
        to: 'return { ...found, cursor: newest.arrival + Number(found.messages.length > 2), timedOut: false };',
      },
    ],
  },
];
