import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBanner, qrPath } from '../src/banner.js';
import { NOW, pollView, view as viewOf } from './examples.js';
import { openPage } from './fakeDocument.js';

/** @param {Partial<import('../src/rows.js').PollView>} given @param {Partial<import('../src/view.js').ViewInput>} [input] */
const view = (given, input) => viewOf({ pollView: pollView(given), ...input });

/** @param {string} word */
const worded = (word) => ({ key: 'X', label: 'X', word, dark: '#000000', light: '#ffffff' });

/** @param {ReturnType<typeof openPage>} page @returns {(string | undefined)[]} where the chips lead */
const links = ({ part }) => part('chips').children.map((chip) =>
  typeof chip === 'string' || typeof chip.children[0] === 'string' ? undefined : chip.children[0]?.attributes.href);

test('on a phone a chip opens a text message with its word, escaped', (t) => {
  const page = openPage(t, { isPhone: true });
  createBanner(page.find).paint(view({ number: '+15550100199', choices: [worded('R&B'), worded('über 30?'), worded('50%')] }));

  assert.deepEqual(links(page), ['sms:+15550100199?body=R%26B', 'sms:+15550100199?body=%C3%BCber%2030%3F', 'sms:+15550100199?body=50%25']);
  assert.equal(page.part('number').attributes.href, 'sms:+15550100199');
});

test('a screen that cannot send texts has no links', (t) => {
  const page = openPage(t, { isPhone: false });
  createBanner(page.find).paint(view({ number: '+15550100199' }));

  assert.deepEqual(links(page), [undefined, undefined, undefined]);
  assert.equal(page.part('number').attributes.href, undefined);
});

test('a screen that becomes as narrow as a phone has links from then on', (t) => {
  const page = openPage(t, { isPhone: false });
  const banner = createBanner(page.find);
  banner.paint(view({ number: '+15550100199' }));
  page.device.matches = true;
  banner.paint(view({ number: '+15550100199' }));

  assert.equal(links(page)[0], 'sms:+15550100199?body=RED');
});

test('without a number neither number, QR code nor links are shown', (t) => {
  const page = openPage(t, { isPhone: true });
  const banner = createBanner(page.find);
  banner.paint(view({ number: '+15550100199' }));
  banner.paint(view({ number: null }));

  assert.equal(page.part('to').hidden, true);
  assert.equal('hidden' in page.part('qr').attributes, true);
  assert.deepEqual(links(page), [undefined, undefined, undefined]);
});

test('another number or another choice is painted at once', (t) => {
  const page = openPage(t, { isPhone: true });
  const banner = createBanner(page.find);
  banner.paint(view({ number: '+15550100199' }));
  banner.paint(view({ number: '+15550100177', choices: [worded('NEW')] }));

  assert.equal(page.part('number').textContent, '(555) 010-0177');
  assert.equal(page.part('chips').textContent, 'NEW X');
  assert.equal(page.part('how').properties['--n'], '1');
});

test('the label is beside the word to text, unless it is that word', (t) => {
  const page = openPage(t, { isPhone: false });
  const banner = createBanner(page.find);
  const choices = [{ ...worded('1'), label: 'The Night Train' }, { ...worded('ROSES'), label: 'Roses' }];
  banner.paint(view({ choices }));
  const shown = page.part('chips').children.map((item) => (typeof item === 'string' ? item : item.textContent));
  const list = page.part('how').dataset.list;
  banner.paint(view({ choices: choices.slice(1) }));

  assert.deepEqual(shown, ['1 The Night Train', 'ROSES']);
  assert.deepEqual([list, page.part('how').dataset.list], ['labels', 'words']);
});

test('one label of more than 30 characters makes the list one for long labels', (t) => {
  const page = openPage(t, { isPhone: false });
  const banner = createBanner(page.find);
  const lengths = [30, 31].map((length) => {
    banner.paint(view({ choices: [worded('A'), { ...worded('B'), label: 'x'.repeat(length) }] }));
    return page.part('how').dataset.length;
  });

  assert.deepEqual(lengths, ['short', 'long']);
});

test('a winner with a long name is written smaller', (t) => {
  const page = openPage(t, { isPhone: false });
  const banner = createBanner(page.find);
  const lengths = [13, 14, 31, 32].map((length) => {
    const choices = [{ ...worded('A'), key: 'RED', label: 'x'.repeat(length) }];
    banner.paint(view({ choices, state: 'closed', stateAt: NOW - 60_000 }));
    return page.part('winner').dataset.length;
  });

  assert.deepEqual(lengths, ['short', 'middle', 'middle', 'long']);
});

test('how to vote is shown while one can, and not beside a result or a message', (t) => {
  const page = openPage(t, { isPhone: false });
  const banner = createBanner(page.find);
  const shown = [{}, { state: /** @type {const} */ ('closed'), stateAt: NOW - 60_000 }].map((given) => {
    banner.paint(view(given));
    return [page.part('how').hidden, page.part('verdict').hidden];
  });
  banner.paint(view({}, { totals: null }));

  assert.deepEqual(shown, [[false, true], [true, false]]);
  assert.deepEqual([page.part('how').hidden, page.part('message').hidden], [true, false]);
});

test('the winner’s colour is beside the winner’s name', (t) => {
  const page = openPage(t, { isPhone: false });
  createBanner(page.find).paint(view({ state: 'closed', stateAt: NOW - 60_000 }));

  assert.equal(page.part('winner').textContent, 'RED wins');
  assert.deepEqual(page.part('hues').children.map((hue) => typeof hue === 'string' ? hue : hue.properties), [{ '--dark': '#000000', '--light': '#ffffff' }]);
});

test('a message is hidden while there is nothing to say', (t) => {
  const page = openPage(t, { isPhone: false });
  createBanner(page.find).paint(view({}, { pollView: null, link: { kind: 'connecting', ageMs: null, trouble: null } }));

  assert.deepEqual([page.part('message').hidden, page.part('question').textContent], [true, 'Live vote']);
});

test('a long question is written smaller', (t) => {
  const page = openPage(t, { isPhone: false });
  const banner = createBanner(page.find);
  const lengths = [45, 46, 90, 91].map((length) => {
    banner.paint(view({ question: 'x'.repeat(length) }));
    return page.part('question').dataset.length;
  });

  assert.deepEqual(lengths, ['short', 'middle', 'middle', 'long']);
});

test('the link state is an attribute for the style sheet, too', (t) => {
  const page = openPage(t, { isPhone: false });
  createBanner(page.find).paint(view({}, { link: { kind: 'delayed', ageMs: 4000, trouble: 'busy' } }));

  assert.deepEqual([page.part('pill').dataset.link, page.part('freshness').textContent, page.body.dataset.scene], ['delayed', 'Delayed · 4 s', 'board']);
  assert.match(page.part('note').textContent, /^The store has too much to do\./);
});

test('the QR code has a quiet zone of two modules, and a dark corner', () => {
  const { size, path } = qrPath('sms:+15550100199');

  assert.equal(size, 2 + 21 + 2);
  assert.ok(path.startsWith('M2 2h1v1h-1z'));
});
