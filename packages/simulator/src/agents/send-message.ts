import type { Sending } from '../model/record.ts';
import { count, type World } from '../world.ts';
import type { Machine } from './machine.ts';

export interface Letter {
  readonly to: string;
  readonly content: string;
  readonly byPerson: boolean;
  readonly lifeMs?: number | null;
  readonly replyTo?: string;
}

/** Sends a message over a machine's API, and notes what came of it. */
export async function sendMessage(world: World, machine: Machine, letter: Letter): Promise<void> {
  const running = machine.running();
  const to = world.keyOf(letter.to);
  if (!running || !to) return;
  const { content, byPerson, lifeMs = null, replyTo } = letter;
  const sending: Sending = {
    content,
    from: machine.name,
    to: letter.to,
    atMs: world.virtual.now(),
    lifeMs,
    outcome: 'pending',
    id: null,
    acceptedAtMs: null,
  };
  world.sendings.push(sending);
  try {
    const sent = await running.agent.handlers.sendMessage(
      {
        to,
        content,
        ...(lifeMs === null ? {} : { expires_in_s: Math.ceil(lifeMs / 1000) }),
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
      },
      { owner: byPerson },
    );
    // Nobody is there to hear it.
    if (running.ended.aborted) return;
    sending.id = sent.id;
    sending.acceptedAtMs = world.virtual.now();
    sending.outcome = 'accepted';
    count(world, 'messages accepted');
  } catch (error) {
    sending.outcome = `refused: ${(error as { code?: string }).code ?? error}`;
    count(world, 'messages refused');
  }
  world.history.note(machine.name, `sending ${content}: ${sending.outcome}`);
}
