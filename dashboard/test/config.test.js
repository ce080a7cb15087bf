import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig, readOptions } from '../src/config.js';

const good = { region: 'eu-west-1', aggregatesTable: 'T', identityPoolId: 'eu-west-1:x', poll: 'colors' };

test('a whole configuration is taken, and the address may name another poll', () => {
  assert.equal(checkConfig(good, { poll: null }).poll, 'colors');
  assert.equal(checkConfig(good, { poll: 'talks-2026' }).poll, 'talks-2026');
  assert.equal(checkConfig({ ...good, identityId: 'eu-west-1:y' }, { poll: null }).identityId, 'eu-west-1:y');
});

test('what is wrong is named with key, value and remedy', () => {
  assert.throws(() => checkConfig({ ...good, region: 7 }, { poll: null }), /region is 7, not a text. Deploy again/);
  assert.throws(() => checkConfig([], { poll: null }), /not an object/);
  assert.throws(() => checkConfig({ ...good, endpoints: { dynamodb: 'here' } }, { poll: null }), /endpoints.dynamodb is "here"/);
  assert.throws(() => checkConfig(good, { poll: '<img>' }), /The address: poll is “<img>”/);
});

test('the address of the page sets poll, theme and stage', () => {
  const plain = { poll: null, theme: null, stage: false, lab: false };
  assert.deepEqual(readOptions('?poll=x&theme=light&stage=1'), { ...plain, poll: 'x', theme: 'light', stage: true });
  assert.deepEqual(readOptions('?theme=pink&stage=0'), plain);
  assert.deepEqual(readOptions(''), plain);
});

test('at /lab the page shows the poll of the lab, and says so where there is none', () => {
  const there = { ...good, lab: { poll: 'lab' } };
  const asked = readOptions('', '/lab');
  assert.equal(asked.lab, true);
  assert.equal(checkConfig(there, asked).poll, 'lab');
  assert.equal(checkConfig(there, { poll: null }).poll, 'colors');
  assert.equal(checkConfig(there, { poll: null }).lab, false);
  assert.throws(() => checkConfig(good, asked), /There is no lab here: .*make demo/);
});
