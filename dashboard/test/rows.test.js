import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRows } from '../src/rows.js';

/** @type {{L: import('../src/rows.js').Value[]}} */
const choices = { L: [
  { M: { key: { S: 'RED' }, label: { S: 'Red' }, word: { S: 'RED' }, colour: { M: { dark: { S: '#ff5d47' } } } } },
  { M: { key: { S: 'GREEN' } } },
] };
/** @type {import('../src/rows.js').Item} */
const poll = { sk: { S: 'poll' }, question: { S: 'Which?' }, choices, round: { N: '2' } };

/** @param {import('../src/rows.js').Item} item */
const one = (item) => readRows([item], ['RED', 'GREEN']);

test('a poll view with nothing optional gets defaults, and a palette', () => {
  const { pollView } = one(poll);

  assert.equal(pollView?.state, 'auto');
  assert.equal(pollView?.number, null);
  assert.equal(pollView?.percentFrom, 0);
  assert.equal(pollView?.policy, 'last');
  assert.deepEqual(pollView?.choices[0], { key: 'RED', label: 'Red', word: 'RED', dark: '#ff5d47', light: '#c8371b' });
  assert.deepEqual(pollView?.choices[1], { key: 'GREEN', label: 'GREEN', word: 'GREEN', dark: '#36d6a0', light: '#0b8f63' });
});

test('an invalid colour or telephone number is left out', () => {
  const wild = { M: { key: { S: 'RED' }, colour: { M: { dark: { S: 'url(//x)' }, light: { S: 'red' } } } } };
  const { pollView } = one({ ...poll, choices: { L: [wild] }, number: { S: 'javascript:alert(1)' } });

  assert.equal(pollView?.choices[0]?.dark, '#ff5d47');
  assert.equal(pollView?.number, null);
});

test('a tally row holds the counts that were asked for', () => {
  const { tallies } = one({ sk: { S: '00002#tally#label#shard' }, 'c#RED': { N: '-3' }, folded: { N: '9' }, voters: { N: '8' } });

  assert.deepEqual(tallies, [{
    id: '00002#tally#label#shard', round: 2, counts: { RED: -3, GREEN: 0 }, voters: 8, folded: 9, bad: 0, asOf: 0, revision: 0, merged: [],
  }]);
});

test('a certified row is read with its digest', () => {
  const row = { sk: { S: '00002#certified' }, 'c#RED': { N: '4' }, ballots: { N: '4' }, voters: { N: '4' }, certified_at: { N: '5' }, digest: { S: 'ab' } };

  assert.deepEqual(one(row).certified, [{ round: 2, counts: { RED: 4, GREEN: 0 }, ballots: 4, voters: 4, at: 5, digest: 'ab' }]);
});

test('malformed rows are named and left out; the others are read', () => {
  const { pollView, tallies, unread } = readRows([
    poll,
    { sk: { S: '00002#tally#a#0' }, folded: { S: 'many' } },
    { sk: { S: '00002#tally#b#0' }, folded: { N: '1' }, 'c#RED': { N: '1.5' } },
    { sk: { S: 'x#certified' }, ballots: { N: '1' } },
    { sk: { S: '00002#tally#c#0' }, folded: { N: '1' } },
    { sk: { S: 'something-new' } },
  ], ['RED']);

  assert.equal(pollView?.question, 'Which?');
  assert.equal(tallies.length, 1);
  assert.deepEqual(unread, ['00002#tally#a#0', '00002#tally#b#0', 'x#certified']);
});

test('a poll view without choices, or with one twice, cannot be read', () => {
  assert.deepEqual(one({ ...poll, choices: { L: [] } }).unread, ['poll']);
  assert.deepEqual(one({ ...poll, choices: { L: choices.L.slice(0, 1).concat(choices.L.slice(0, 1)) } }).unread, ['poll']);
});

/** @param {string} state */
const stateOf = (state) => one({ ...poll, state: { S: state } }).pollView?.state;

test('a poll has the state of its row; an unknown state is auto', () => {
  assert.deepEqual(['open', 'closed', 'archived', 'auto', 'new'].map(stateOf), ['open', 'closed', 'archived', 'auto', 'auto']);
});

test('all attributes of a poll view are read', () => {
  const { pollView } = one({
    ...poll, number: { S: '+15550100199' }, opens_at: { N: '5' }, closes_at: { N: '9' }, state_at: { N: '7' },
    policy: { S: 'first' }, visibility: { S: 'sealed' }, percent_from: { N: '30' },
  });

  assert.deepEqual({ ...pollView, choices: [] }, {
    question: 'Which?', choices: [], number: '+15550100199', opensAt: 5, closesAt: 9, state: 'auto', stateAt: 7,
    round: 2, policy: 'first', sealed: true, percentFrom: 30,
  });
});

test('a poll that everybody may see is not sealed', () => {
  assert.equal(one({ ...poll, visibility: { S: 'open' } }).pollView?.sealed, false);
});

test('a choice without a colour has that of its place, and the thirteenth that of the first', () => {
  const many = Array.from({ length: 13 }, (_, i) => ({ M: { key: { S: `C${i}` } } }));
  const { pollView } = one({ ...poll, choices: { L: many } });

  assert.deepEqual(pollView?.choices.map(({ dark, light }) => `${dark} ${light}`), [
    '#ff5d47 #c8371b', '#36d6a0 #0b8f63', '#4f9dff #1b5fc1', '#ffc44d #a87400',
    '#c48bff #7a3fc9', '#a3b1c6 #5b6b80', '#ff7ab8 #c2357f', '#3fd0e0 #0a7f92',
    '#ff9a4d #b85a10', '#b4e051 #5d7f12', '#8f9bff #4a4fd0', '#d9a58a #8a5a3f',
    '#ff5d47 #c8371b',
  ]);
});

/** @param {import('../src/rows.js').Value} colour @returns what the first choice is painted in */
const painted = (colour) => {
  const { pollView } = one({ ...poll, choices: { L: [{ M: { key: { S: 'RED' }, colour } }] } });
  return [pollView?.choices[0]?.dark, pollView?.choices[0]?.light];
};

test('a colour is six hexadecimal digits and nothing around them', () => {
  assert.deepEqual(painted({ M: { dark: { S: '#12aBcF' }, light: { S: '#090909' } } }), ['#12aBcF', '#090909']);
  for (const wrong of ['x#12abcf', '#12abcf0', '#12abc', '#a', '#gggggg', '']) {
    assert.deepEqual(painted({ M: { dark: { S: wrong }, light: { S: wrong } } }), ['#ff5d47', '#c8371b']);
  }
});

test('a colour that is no map of a dark one and a light one is left out', () => {
  assert.deepEqual(painted({ S: '#12abcf' }), ['#ff5d47', '#c8371b']);
  assert.deepEqual(painted({ M: {} }), ['#ff5d47', '#c8371b']);
});

test('a telephone number is digits after a plus and nothing around them', () => {
  const read = ['+15550100199', ' +15550100199', '+15550100199;x', '15550100199', '+05550100199', '+155501', ''].map((number) =>
    one({ ...poll, number: { S: number } }).pollView?.number);

  assert.deepEqual(read, ['+15550100199', null, null, null, null, null, null]);
});

for (const [row, needed] of /** @type {[import('../src/rows.js').Item, string[]][]} */ ([
  [poll, ['question', 'choices', 'round']],
  [{ sk: { S: '00002#tally#a#0' }, folded: { N: '1' } }, ['folded']],
  [{ sk: { S: '00002#certified' }, ballots: { N: '4' } }, ['ballots']],
])) {
  for (const name of needed) {
    test(`a row ${row.sk?.S} without ${name} cannot be read`, () => {
      assert.deepEqual(one(row).unread, []);
      assert.deepEqual(one({ ...row, [name]: undefined }).unread, [row.sk?.S]);
    });
  }
}

test('a certificate with nothing optional is read', () => {
  assert.deepEqual(one({ sk: { S: '00002#certified' }, ballots: { N: '4' } }).certified,
    [{ round: 2, counts: { RED: 0, GREEN: 0 }, ballots: 4, voters: 0, at: 0, digest: '' }]);
});

test('an item without a sort key is ignored', () => {
  assert.deepEqual(readRows([{}, poll], ['RED']).unread, []);
  assert.equal(readRows([{}, poll], ['RED']).pollView?.round, 2);
});

test('a base row names the rows that it includes', () => {
  const merged = { M: { '2030-05-04T20:15:00.000#shard#1': { M: { at: { N: '1' } } }, 'label#shard': { M: {} } } };
  const { tallies } = one({ sk: { S: '00002#base' }, 'c#RED': { N: '3' }, folded: { N: '9' }, revision: { N: '4' }, merged });

  assert.deepEqual(tallies, [{
    id: '00002#base', round: 2, counts: { RED: 3, GREEN: 0 }, voters: 0, folded: 9, bad: 0, asOf: 0, revision: 4,
    merged: ['00002#tally#2030-05-04T20:15:00.000#shard#1', '00002#tally#label#shard'],
  }]);
  assert.deepEqual(one({ sk: { S: '00002#base' }, folded: { N: '9' }, revision: { N: '1' } }).tallies[0]?.merged, []);
  assert.deepEqual(one({ sk: { S: '00002#base' }, folded: { N: '9' } }).unread, ['00002#base']);
});

test('a row under the key of an older version has the id that it has today', () => {
  const { tallies, certified, unread } = readRows([
    { sk: { S: 'tally#2#label#shard#x' }, folded: { N: '9' } },
    { sk: { S: 'tally#123456#correction#recount' }, folded: { N: '1' } },
    { sk: { S: 'certified#2' }, ballots: { N: '4' } },
    { sk: { S: 'certified#two' }, ballots: { N: '4' } },
  ], ['RED']);

  assert.deepEqual(tallies.map(({ id, round }) => [id, round]),
    [['00002#tally#label#shard#x', 2], ['123456#tally#correction#recount', 123456]]);
  assert.deepEqual([certified.map(({ round }) => round), unread], [[2], []]);
});
