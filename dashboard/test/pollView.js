/** @param {Partial<import('../src/rows.js').PollView>} [given] @returns {import('../src/rows.js').PollView} */
export const pollView = (given) => ({
  question: 'Which?',
  choices: ['RED', 'GREEN', 'BLUE'].map((key) => ({ key, label: key, word: key, dark: '#000000', light: '#ffffff' })),
  number: null, opensAt: null, closesAt: null, state: 'auto', stateAt: 0, round: 1,
  policy: 'last', sealed: false, percentFrom: 0,
  ...given,
});
