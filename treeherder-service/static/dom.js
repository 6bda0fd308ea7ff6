// @ts-check
// The few things that all modules need of the document.

/** Finds the first element. @param {string} selector @param {ParentNode} [root] @returns {HTMLElement | null} */
export const find = (selector, root = document) => root.querySelector(selector);

/** Finds all elements. @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)].map((e) => /** @type {HTMLElement} */ (e));

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Makes a text safe in HTML, between tags and in attributes. @param {unknown} text */
export const safe = (text) => String(text).replace(/[&<>"']/g, (c) => ENTITIES[c]);

/**
 * Makes an element; a property `text` is its text, the others are attributes.
 * @param {string} name @param {Record<string, unknown>} [attributes] @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'text') element.textContent = String(value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Tells something for a few seconds in which the page can be seen, for good if it is an error or is to stay; with an action it has a button.
 * @param {string} text @param {{ error?: boolean, stays?: boolean, action?: string, run?: () => void }} [options]
 */
export function toast(text, options = {}) {
  const box = find('#toasts');
  if (!box) return;
  const element = make('div', { class: options.error ? 'toast error' : 'toast' }, make('span', { text }));
  const { action, run } = options;
  if (action && run) {
    const button = make('button', { type: 'button', text: action });
    button.addEventListener('click', () => { element.remove(); run(); });
    element.append(button);
  }
  const close = make('button', { type: 'button', class: 'plain', 'aria-label': 'Dismiss', text: '×' });
  close.addEventListener('click', () => element.remove());
  element.append(close);
  box.append(element);
  while (box.children.length > 5) box.firstElementChild?.remove();
  if (options.error || options.stays) return;
  const fade = () => setTimeout(() => element.remove(), action ? 12000 : 4000);
  if (document.hidden) document.addEventListener('visibilitychange', fade, { once: true });
  else fade();
}

/** How to scroll where somebody has asked to. @returns {ScrollBehavior} */
export const motion = () => (matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth');

/** Removes what toasts there are. @returns {boolean} whether there were any */
export function dismiss() {
  const box = find('#toasts');
  const any = !!box?.childElementCount;
  box?.replaceChildren();
  return any;
}

/** Tells whether keys are meant for a field or a dialog. @param {Event} event */
export function isTyping(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (document.querySelector('dialog[open]')) return true;
  if (target.tagName === 'INPUT') return !['checkbox', 'radio', 'button'].includes(/** @type {HTMLInputElement} */ (target).type);
  return ['SELECT', 'TEXTAREA'].includes(target.tagName) || target.isContentEditable;
}

/** What the browser keeps under a name; nothing where it keeps nothing. @param {string} name */
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Calls a function once there was no call for a while. @param {number} ms @param {(...args: any[]) => unknown} run */
export function later(ms, run) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (/** @type {any[]} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), ms);
  };
}

/** Runs once the browser has shown what there is; a hidden page shows nothing. @param {() => void} run @returns {number} */
export const whenShown = (run) => (document.hidden ? Number(setTimeout(run)) : requestAnimationFrame(() => setTimeout(run)));
