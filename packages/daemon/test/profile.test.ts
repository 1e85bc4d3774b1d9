import { limits, validateInput } from '@ocmesh/shared/contract';
import { describe, expect, test } from 'vitest';
import { createTestMesh } from './support/test-agent.ts';

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
