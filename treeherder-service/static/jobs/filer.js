// @ts-check
// Filing a bug for a failure (§11.8): the dialog with what can be known already, then the bug and the classification in one go.
import { ask } from '../api.js';
import { find, make, safe, toast } from '../dom.js';

/** @typedef {import('./pinboard.js').Pinboard} Pinboard */

const LONGEST_SUMMARY = 255;
/** Words after which a bug is kept from the public until somebody has looked. */
const SECURITY = /use[- ]after[- ]free|heap[- ]buffer[- ]overflow|stack[- ]buffer[- ]overflow|global[- ]buffer[- ]overflow|double[- ]free|AddressSanitizer|out of bounds|data race/i;
const KEYWORDS = ['intermittent-failure', 'intermittent-testcase', 'assertion', 'crash', 'regression', 'test-verify-fail'];

/** The summary that is proposed for a failure line. @param {string} line */
export function summaryOf(line) {
  const parts = line.split(' | ').map((part) => part.trim()).filter(Boolean);
  if (parts.length > 1 && /^(\[.*\] )?(REFTEST |GECKO\(\d+\) \| )?(TEST-UNEXPECTED-|PROCESS-CRASH|TEST-VALGRIND|ERROR|FATAL)/.test(parts[0])) parts.shift();
  return `Intermittent ${parts.join(' | ')}`.slice(0, LONGEST_SUMMARY);
}

/** What is known of a bug by its failure line. @param {string} line @param {string} path */
export function traits(line, path) {
  const crash = /application crashed|PROCESS-CRASH/.test(line);
  const security = SECURITY.test(line);
  const keywords = ['intermittent-failure'];
  if (path && !crash) keywords.push('intermittent-testcase');
  if (/Assertion fail|ASSERTION|###!!!/.test(line)) keywords.push('assertion');
  if (crash) keywords.push('crash');
  const usual = !crash && !security;
  return { security, keywords, priority: usual ? 'P5' : '--', severity: usual ? 'S4' : '--' };
}

/** Numbers of bugs in a field. @param {string} text */
export const numbers = (text) => text.split(/[\s,]+/).map(Number).filter((number) => number > 0);

/**
 * Opens the dialog for a line of a job.
 * @param {Pinboard} pinboard @param {number} id @param {HTMLElement} panel @param {DOMStringMap} of line: `text`, `path`, `line`; of
 *   the issue of ours that the bug is to replace: `summary`, `internal`
 */
export function file(pinboard, id, panel, { text = '', path = '', line = '', summary = '', internal = '' }) {
  if (!pinboard.loggedIn()) return;
  const { security, keywords, priority, severity } = traits(text, path);
  const job = find(`[data-job="${id}"]`, panel);
  const viewer = `${location.origin}/logviewer?job_id=${id}&repo=${encodeURIComponent(pinboard.board.repo)}&lineNumber=${line}`;
  const comment = [`Parsed log: ${viewer}`, job?.dataset.log ? `Full log: ${job.dataset.log}` : '', `Job: ${job?.dataset.name ?? ''}`, '', '```', text, '```'].filter((part, at) => part || at > 2).join('\n');
  const dialog = /** @type {HTMLDialogElement} */ (make('dialog', { class: 'filer', 'aria-labelledby': 'filer-title' }));
  dialog.innerHTML = `<form><h2 id="filer-title">File a bug</h2>
${summary ? `<p class="quiet">Only here it is known as i${safe(internal)}, and it is seen often. With its summary unchanged the bug takes the issue’s place, with all its occurrences.</p>` : ''}
<label>Summary <input name="summary" required maxlength="${LONGEST_SUMMARY}" value="${safe(summary || summaryOf(text))}"></label>
<fieldset class="stack"><legend>Product and component</legend><div class="components"><p class="quiet">${path ? 'Looking for who owns this test…' : 'The line names no file: choose by hand.'}</p></div>
<div class="pair"><label>Product <input name="product" required autocomplete="off"></label><label>Component <input name="component" required autocomplete="off"></label></div></fieldset>
<label>Comment <textarea name="comment" rows="7">${safe(comment)}</textarea></label>
<fieldset class="ticks"><legend>Keywords</legend>${KEYWORDS.map((word) => `<label><input type="checkbox" name="keywords" value="${word}"${keywords.includes(word) ? ' checked' : ''}> ${word}</label>`).join('')}</fieldset>
<div class="pair"><label>Priority <select name="priority">${['--', 'P1', 'P2', 'P3', 'P4', 'P5'].map((word) => `<option${word === priority ? ' selected' : ''}>${word}</option>`).join('')}</select></label>
<label>Severity <select name="severity">${['--', 'S1', 'S2', 'S3', 'S4'].map((word) => `<option${word === severity ? ' selected' : ''}>${word}</option>`).join('')}</select></label>
<label>Whiteboard <input name="whiteboard" autocomplete="off"></label></div>
<div class="pair"><label>Regressed by <input name="regressed_by" inputmode="numeric" autocomplete="off"></label><label>See also <input name="see_also" inputmode="numeric" autocomplete="off"></label></div>
<label class="check"><input type="checkbox" name="is_security_issue"${security ? ' checked' : ''}> A security issue, kept from the public</label>
<p class="problem" role="alert" hidden></p>
<div class="actions"><button class="main">File the bug and classify</button> <button type="button" class="cancel">Cancel</button></div></form>`;
  const form = /** @type {HTMLFormElement} */ (find('form', dialog));
  const told = /** @type {HTMLElement} */ (find('[role="alert"]', dialog));
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const owners = /** @type {HTMLElement} */ (find('.components', dialog));
  if (path) owned(owners, path, field);
  find('.cancel', dialog)?.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (find('button.main', form));
    button.disabled = true;
    told.hidden = true;
    const seen = numbers(field('see_also').value).map((number) => `https://bugzilla.mozilla.org/show_bug.cgi?id=${number}`);
    const body = {
      ...Object.fromEntries(['product', 'component', 'summary', 'comment', 'priority', 'severity', 'whiteboard'].map((name) => [name, field(name).value.trim()])),
      keywords: new FormData(form).getAll('keywords'), version: 'unspecified', is_security_issue: field('is_security_issue').checked,
      regressed_by: numbers(field('regressed_by').value), see_also: seen,
    };
    try {
      const bug = await ask('/api/bugzilla/create_bug/', { method: 'POST', body });
      dialog.close();
      toast(`Bug ${bug.id} is filed`, { action: 'Open it', run: () => window.open(bug.url, '_blank', 'noopener') });
      pinboard.pin(id);
      pinboard.addBug(String(bug.id), '', { filed: true });
      await pinboard.save();
    } catch (error) {
      told.textContent = `It was not filed: ${/** @type {Error} */ (error).message}`;
      told.hidden = false;
      button.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  field('summary').setSelectionRange(0, 0);
}

/** Shows who owns a file, and takes the first. @param {HTMLElement} place @param {string} path @param {(name: string) => HTMLInputElement} field */
async function owned(place, path, field) {
  try {
    /** @type {{ product: string, component: string }[]} */
    const found = await ask(`/api/bugzilla-component/?path=${encodeURIComponent(path)}`);
    place.innerHTML = found.length ? found.map((owner, at) => `<label><input type="radio" name="owner" value="${at}"> ${safe(owner.product)} :: ${safe(owner.component)}</label>`).join('') : '<p class="quiet">Nobody is known to own this test: choose by hand.</p>';
    const take = (/** @type {number} */ at) => { field('product').value = found[at].product; field('component').value = found[at].component; };
    place.addEventListener('change', (event) => take(Number(/** @type {HTMLInputElement} */ (event.target).value)));
    const first = /** @type {HTMLInputElement | null} */ (find('input', place));
    if (first && !field('product').value) { first.checked = true; take(0); }
  } catch (error) {
    place.innerHTML = `<p class="quiet">Who owns this test could not be asked: ${safe(/** @type {Error} */ (error).message)}</p>`;
  }
}
