// @ts-check
// Requests to the API, with the token against forged requests that it wants for changes.

/** What the API refused, with its words. */
export class Refused extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** @param {string} name */
const cookie = (name) => document.cookie.split('; ').find((pair) => pair.startsWith(name + '='))?.slice(name.length + 1) ?? '';

/** @param {unknown} body @returns {string} */
function words(body) {
  if (typeof body === 'string') return body;
  if (body && typeof body === 'object') {
    const of = /** @type {Record<string, unknown>} */ (body);
    const known = of.detail ?? of.message ?? of.failure;
    if (typeof known === 'string') return known;
    return Object.entries(of).map(([name, text]) => `${name}: ${text}`).join('; ');
  }
  return '';
}

/**
 * Asks and returns the decoded answer.
 * @param {string} url @param {{ method?: string, body?: unknown, signal?: AbortSignal }} [options]
 * @returns {Promise<any>}
 */
export async function ask(url, { method = 'GET', body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json' };
  if (method !== 'GET') headers['x-csrftoken'] = cookie('csrftoken');
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await fetch(url, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  const type = answer.headers.get('content-type') ?? '';
  const decoded = type.includes('json') ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Refused(answer.status, words(decoded) || `${answer.status} ${answer.statusText}`);
  return decoded;
}
