import { limits, type Pubkey, validateInput } from '@ocmesh/shared/contract';
import { describe, expect, test } from 'vitest';
import { meshLimits } from '../src/core/mesh/limits.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, startTwo, type TestAgent } from './support/test-agent.ts';

const slug = (n: number): string => `skill-${n}`;
const sixteen = Array.from({ length: limits.profile.capabilities }, (_, n) => slug(n));

describe('a profile that breaks a rule is refused, with the field and the rule', () => {
  test.each([
    ['a capital letter', { capabilities: ['Weather'] }, 'capabilities.0', 'pattern'],
    ['a space', { capabilities: ['chat', 'weather forecast'] }, 'capabilities.1', 'pattern'],
    ['an accent', { capabilities: ['météo'] }, 'capabilities.0', 'pattern'],
    ['an underscore', { capabilities: ['code_review'] }, 'capabilities.0', 'pattern'],
    ['a hyphen at the end', { capabilities: ['chat-'] }, 'capabilities.0', 'pattern'],
    ['a hyphen at the start', { capabilities: ['-chat'] }, 'capabilities.0', 'pattern'],
    ['two hyphens', { capabilities: ['a--b'] }, 'capabilities.0', 'pattern'],
    ['a line end', { capabilities: ['chat\n'] }, 'capabilities.0', 'pattern'],
    ['nothing', { capabilities: [''] }, 'capabilities.0', 'minLength'],
    ['a capability of 33 characters', { capabilities: ['a'.repeat(33)] }, 'capabilities.0', 'maxLength'],
    ['no text', { capabilities: [7] }, 'capabilities.0', 'type'],
    ['17 capabilities', { capabilities: [...sixteen, 'one-more'] }, 'capabilities', 'maxItems'],
    ['one twice', { capabilities: ['chat', 'chat'] }, 'capabilities', 'uniqueItems'],
    ['no list', { capabilities: 'chat' }, 'capabilities', 'type'],
    ['141 characters about it', { about: '👋'.repeat(141) }, 'about', 'maxLength'],
    ['two lines about it', { about: 'one\ntwo' }, 'about', 'pattern'],
    ['an empty text about it', { about: '' }, 'about', 'minLength'],
    ['no change', {}, '', 'minProperties'],
    ['a name, which is a setting', { name: 'Bob' }, 'name', 'additionalProperties'],
  ])('%s', (_, change, field, rule) => {
    let details: unknown;
    try {
      validateInput('setProfile', change);
    } catch (error) {
      details = (error as { details: unknown }).details;
    }
    expect(details).toEqual({ field, rule });
  });

  test('the largest profile is accepted', () => {
    const whole = { about: '👋'.repeat(140), capabilities: [...sixteen.slice(1), 'a'.repeat(32)] };
    expect(validateInput('setProfile', whole)).toEqual(whole);
  });
});

describe('the profile', () => {
  const configured = { about: 'I know the weather.', capabilities: ['weather-forecast'] };

  test('comes from the configuration until the owner changes it', async () => {
    const world = createTestMesh();
    const agent = await world.start({ name: 'Ann', config: configured });
    expect(await agent.getProfile({})).toEqual({ name: 'Ann', ...configured });
    const changed = await agent.setProfile({ capabilities: ['translation'] });
    expect(changed).toEqual({ name: 'Ann', about: configured.about, capabilities: ['translation'] });
    expect(await agent.getProfile({})).toEqual(changed);
  });

  test('is still the owner’s after a restart, and the log says that it overrides the configuration', async () => {
    const world = createTestMesh();
    const agent = await world.start({ config: configured });
    await agent.setProfile({ about: null });
    await agent.stop();
    const again = await world.start({ disk: agent.disk, config: configured });
    expect(await again.getProfile({})).toEqual({ ...configured, name: null, about: null });
    const warned = again.log.lines.filter(({ message }) => message.includes('ocmesh profile'));
    expect(warned.map(({ message }) => message)).toEqual([expect.stringMatching(/^about /)]);
  });

  test('says nothing for an agent whose owner said nothing', async () => {
    const agent = await createTestMesh().start();
    expect(await agent.getProfile({})).toEqual({ name: null, about: null, capabilities: [] });
  });
});

const { burst, perMinute } = meshLimits.profileChanges;
/** After it, one more change is announced. */
const PAUSE = 60_000 / perMinute;
const weather = { about: 'I know the weather.', capabilities: ['weather-forecast', 'sunset'] };
const profileTags = [
  ['about', 'I know the weather.'],
  ['L', 'ocmesh'],
  ['l', 'weather-forecast', 'ocmesh'],
  ['l', 'sunset', 'ocmesh'],
];
/** The tags of each announcement that say what the agent can do. */
const announced = (agent: TestAgent): (readonly string[])[][] =>
  agent
    .published(31337)
    .map(({ tags }) =>
      tags.filter(
        ([tag, value, namespace]) =>
          tag === 'about' || (tag === 'L' && value === 'ocmesh') || (tag === 'l' && namespace === 'ocmesh'),
      ),
    );

describe('what an agent says about itself', () => {
  test('is in its presences, its hello, its offline presence, and its reply to a query', async () => {
    const world = createTestMesh();
    const agent = await world.start({ name: 'Ann', config: weather });
    const bob = world.fakePeer('bob');
    world.relay.push(bob.presence({ features: modern }));
    await world.clock.advance(1_000);
    world.relay.push(bob.dm(agent.pubkey, { type: 'profile', ts: world.clock.now() }));
    await settle(world.clock);
    expect(bob.opened(world.relay.offered)).toMatchObject([
      { type: 'intro', name: 'Ann', ...weather },
      { type: 'profile', name: 'Ann', ...weather },
    ]);
    await agent.stop();
    expect(announced(agent)).toEqual([profileTags, profileTags]);
    expect(agent.published(1)[0]?.tags).toEqual(expect.arrayContaining(profileTags));
  });

  test('is nothing, if its owner said nothing: it claims no chat', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    world.relay.push(bob.presence({ features: modern }));
    await world.clock.advance(1_000);
    expect(announced(agent)).toEqual([[['L', 'ocmesh']]]);
    expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'intro', capabilities: [] }]);
  });

  test('is announced at once when the owner changes it, and not when the owner says the same again', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    await agent.setProfile(weather);
    await settle(world.clock);
    expect(announced(agent)).toEqual([[['L', 'ocmesh']], profileTags]);
    await agent.setProfile(weather);
    await world.clock.advance(PAUSE);
    expect(announced(agent)).toHaveLength(2);
  });

  test('changed ten times in a row costs each relay four events, and the last one is true', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    for (let n = 0; n < 10; n++) {
      await agent.setProfile({ about: `edit ${n}` });
      await world.clock.advance(100);
    }
    await world.clock.advance(PAUSE);
    const abouts = agent.published(31337).flatMap(({ tags }) => tags.filter(([tag]) => tag === 'about'));
    expect(abouts.map(([, text]) => text)).toEqual(['edit 0', 'edit 1', 'edit 2', 'edit 9']);
    expect(abouts).toHaveLength(burst + 1);
  });

  test('is not announced after a stop', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    await agent.setProfile({ about: 'one' });
    await settle(world.clock);
    await agent.setProfile({ about: 'two' });
    await agent.stop();
    const before = agent.published(31337).length;
    await world.clock.advance(PAUSE);
    expect(agent.published(31337)).toHaveLength(before);
    expect(agent.published(31337).at(-1)?.tags).toContainEqual(['about', 'two']);
  });
});

describe('what a peer says about itself', () => {
  const claimsOf = async (agent: TestAgent, pubkey: Pubkey) => {
    const { about, capabilities } = await agent.peer(pubkey);
    return { about, capabilities };
  };

  test('is known to others as it changes, without a new hello', async () => {
    const world = createTestMesh();
    const { alice, bob } = await startTwo(world);
    const hellos = () => world.relay.offered.filter(({ kind }) => kind === 4 || kind === 1059).length;
    const before = hellos();
    expect(await claimsOf(alice, bob.pubkey)).toEqual({ about: null, capabilities: [] });
    await bob.setProfile(weather);
    await settle(world.clock);
    expect(await claimsOf(alice, bob.pubkey)).toEqual(weather);
    await bob.setProfile({ about: null, capabilities: [] });
    await world.clock.advance(PAUSE);
    expect(await claimsOf(alice, bob.pubkey)).toEqual({ about: null, capabilities: [] });
    expect(hellos()).toBe(before);
  });

  test.each([['0.1.0'], ['0.2.0'], ['0.3.0']])(
    'in its hello stays, if it is version %s and its presences do not say',
    async (version) => {
      const world = createTestMesh();
      const agent = await world.start();
      const bob = world.fakePeer('bob');
      world.relay.push(bob.presence({ version }));
      await world.clock.advance(1_000);
      const hello = {
        type: 'intro',
        v: version,
        name: 'Bob',
        capabilities: ['chat', 'Code Review'],
        about: 'old',
      };
      world.relay.push(bob.dm(agent.pubkey, { ...hello, ts: world.clock.now(), from: bob.pubkey }));
      await world.clock.advance(1_000);
      world.relay.push(bob.presence({ version }));
      await settle(world.clock);
      expect(await claimsOf(agent, bob.pubkey)).toEqual({
        about: 'old',
        capabilities: ['chat', 'Code Review'],
      });
    },
  );

  test('in a presence is newer than in a hello that was written before', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    const hello = bob.dm(agent.pubkey, {
      type: 'intro',
      capabilities: ['chat'],
      about: 'old',
      from: bob.pubkey,
    });
    await world.clock.advance(5_000);
    world.relay.push(bob.presence(weather));
    await settle(world.clock);
    world.relay.push(hello);
    await settle(world.clock);
    expect(await claimsOf(agent, bob.pubkey)).toEqual(weather);
  });

  test('does not change with a presence that is older, or forged', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    const older = bob.presence({ capabilities: ['old'] });
    await world.clock.advance(1_000);
    world.relay.push(bob.presence(weather), older);
    await world.clock.advance(1_000);
    const newer = bob.presence({ capabilities: ['forged'] });
    world.relay.push({
      ...newer,
      tags: newer.tags.map((tag) => (tag[0] === 'l' ? ['l', 'evil', 'ocmesh'] : tag)),
    });
    await settle(world.clock);
    expect(await claimsOf(agent, bob.pubkey)).toEqual(weather);
  });

  test('survives a restart', async () => {
    const world = createTestMesh();
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    world.relay.push(bob.presence(weather));
    await settle(world.clock);
    const again = await world.start({ disk: await agent.crash() });
    expect(await claimsOf(again, bob.pubkey)).toEqual(weather);
  });
});
