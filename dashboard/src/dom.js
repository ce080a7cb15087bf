/**
 * Make elements and write text, which is never parsed as HTML.
 */

/** @param {string} tag @param {string} name @param {...(Node | string)} children */
export function element(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

/** @param {Element} target @param {string} text only if it changes: a screen reader hears changes */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
