import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig, readOptions } from '../src/config.js';

const good = { region: 'eu-west-1', aggregatesTable: 'T', identityPoolId: 'eu-west-1:x', poll: 'colors' };

test('a whole configuration is taken, and the address may name another poll', () => {
  assert.equal(checkConfig(good, null).poll, 'colors');
  assert.equal(checkConfig(good, 'talks-2026').poll, 'talks-2026');
  assert.equal(checkConfig({ ...good, identityId: 'eu-west-1:y' }, null).identityId, 'eu-west-1:y');
});

test('what is wrong is named with key, value and remedy', () => {
  assert.throws(() => checkConfig({ ...good, region: 7 }, null), /region is 7, not a text. Deploy again/);
  assert.throws(() => checkConfig([], null), /not an object/);
  assert.throws(() => checkConfig({ ...good, endpoints: { dynamodb: 'here' } }, null), /endpoints.dynamodb is "here"/);
  assert.throws(() => checkConfig(good, '<img>'), /The address: poll is “<img>”/);
});

test('the address of the page sets poll, theme and stage', () => {
  assert.deepEqual(readOptions('?poll=x&theme=light&stage=1'), { poll: 'x', theme: 'light', stage: true });
  assert.deepEqual(readOptions('?theme=pink&stage=0'), { poll: null, theme: null, stage: false });
  assert.deepEqual(readOptions(''), { poll: null, theme: null, stage: false });
});
