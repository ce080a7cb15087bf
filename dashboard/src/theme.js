/**
 * Light or dark: what the address asks for, else what was chosen here before, else the system's.
 */

/** @typedef {'dark' | 'light'} Theme */

const KEY = 'voteapp-theme';
const root = document.documentElement;
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

/** @returns {string | null} */
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is off, as in a strict private window
  }
}

/** @param {string} theme */
function store(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The theme then lasts as long as the page.
  }
}

/** @param {Theme | null} asked */
export function applyTheme(asked) {
  const theme = asked ?? stored();
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
}

/** The other one, and remember it. */
export function switchTheme() {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : prefersDark.matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  store(root.dataset.theme);
}
