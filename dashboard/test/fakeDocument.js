/**
 * As much of a document as the banner writes to: elements by id, with what was set on them.
 */

class Part {
  id = '';
  className = '';
  hidden = false;
  dir = '';
  /** @type {(Part | string)[]} */
  children = [];
  /** @type {Record<string, string>} */
  dataset = {};
  /** @type {Record<string, string>} */
  attributes = {};
  /** @type {Record<string, string>} */
  properties = {};
  style = { setProperty: (/** @type {string} */ name, /** @type {string} */ value) => (this.properties[name] = value) };

  /** @param {...(Part | string)} children */
  append(...children) {
    this.children.push(...children);
  }

  /** @param {...(Part | string)} children */
  replaceChildren(...children) {
    this.children = children;
  }

  /** @param {string} name @param {string} value */
  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  /** @param {string} name */
  removeAttribute(name) {
    delete this.attributes[name];
  }

  /** @param {string} name @param {boolean} on */
  toggleAttribute(name, on) {
    if (on) this.attributes[name] = '';
    else delete this.attributes[name];
  }

  set textContent(text) {
    this.children = [text];
  }

  /** @returns {string} */
  get textContent() {
    return this.children.map((child) => (typeof child === 'string' ? child : child.textContent)).join('');
  }
}

/**
 * Puts a document in place of the browser's, until the test ends.
 * @param {import('node:test').TestContext} t
 * @param {{isPhone: boolean}} device
 */
export function openPage(t, { isPhone }) {
  /** @type {Map<string, Part>} */
  const parts = new Map();
  const device = { matches: isPhone };
  const part = (/** @type {string} */ id) => {
    if (!parts.has(id)) parts.set(id, new Part());
    return /** @type {Part} */ (parts.get(id));
  };
  const body = new Part();
  const world = {
    document: { body, getElementById: part, createElement: () => new Part(), createElementNS: () => new Part() },
    matchMedia: () => device,
  };
  Object.assign(globalThis, world);
  t.after(() => Object.keys(world).forEach((name) => Reflect.deleteProperty(globalThis, name)));
  const find = /** @type {(id: string) => HTMLElement} */ (/** @type {unknown} */ (part));
  return { find, part, body, device };
}
