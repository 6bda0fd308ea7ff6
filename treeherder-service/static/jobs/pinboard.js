// @ts-check
// Several jobs, what is known about their failure, and one key to save it (§11.9).
import { ask } from '../api.js';
import { all, find, make, safe, toast } from '../dom.js';
import { loginUrl, user } from '../page.js';
import { classificationName, isFailure } from './status.js';

/** @typedef {import('./board.js').Board} Board */
/** @typedef {import('./model.js').Job} Job */
/** A failure line with an issue of ours, as the list of suggestions has it. @typedef {{ job: number, internal?: string, seen?: string, summary?: string, text?: string, path?: string, line?: string }} Issue */
/** A bug by its number in Bugzilla or, when it has none, by ours; `filed`: just now. @typedef {{ id: number | null, internal: number | null, filed?: boolean, issue?: Issue }} Bug */

/** @typedef {{ id: number, failure_classification_id: number, who: string, text: string }} Note */

/** Those that people choose, the most frequent first. */
const CLASSIFICATIONS = [4, 2, 3, 5, 8, 1];
const MOST_JOBS = 500;
/** An issue of our own that is seen so often within a week wants a bug. */
export const OFTEN = 3;
/** Where the pinboard waits while somebody logs in. */
const KEPT = 'pinboard';

/** Reads `123456` and `i77`. @param {string} text @returns {Bug | null} */
export function readBug(text) {
  const found = /^(i?)(\d{1,9})$/.exec(text.trim().replace(/^.*show_bug\.cgi\?id=/, '').replace(/^bug\s*/i, ''));
  if (!found || Number(found[2]) === 0) return null;
  return found[1] ? { id: null, internal: Number(found[2]) } : { id: Number(found[2]), internal: null };
}

/** @param {Bug} bug */
export const bugName = (bug) => (bug.id === null ? `i${bug.internal}` : String(bug.id));

/** The beginning of a commit, pasted alone or in a link. @param {string} text */
export const hasCommit = (text) => /(^|\/)[0-9a-f]{12,40}\s*$/i.test(text.trim());

/**
 * Tells why the pinboard cannot be saved; nothing when it can.
 * @param {{ jobs: number, bugs: number, classification: number, comment: string, free: boolean }} board
 */
export function problem({ jobs, bugs, classification, comment, free }) {
  if (!jobs) return 'Pin a job first.';
  if (bugs || free || ![2, 4].includes(classification)) return '';
  if (classification === 4 && !comment.trim()) return 'An intermittent failure needs a bug or a comment.';
  if (classification === 2 && comment.trim().length <= 7) return 'Name the commit that fixes it, or a bug.';
  return '';
}

/**
 * The issue for which a bug is wanted, now that more jobs are occurrences of it.
 * @param {Bug[]} bugs @param {Map<number, Bug[]>} made the bugs that each job did not have before
 */
export function wanting(bugs, made) {
  const more = (/** @type {Bug} */ bug) => [...made.values()].filter((added) => added.includes(bug)).length;
  return bugs.find((bug) => made.size > 0 && bug.id === null && bug.issue?.text && Number(bug.issue.seen ?? 0) + more(bug) >= OFTEN)?.issue;
}

export class Pinboard {
  /** @type {Bug[]} */
  bugs = [];
  saving = false;

  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    const options = CLASSIFICATIONS.map((id) => `<option value="${id}">${safe(classificationName(id))}</option>`).join('');
    this.element = make('section', { class: 'pinboard', 'aria-label': 'Pinboard', hidden: true });
    this.element.innerHTML = `<div class="pinned-jobs" aria-label="Pinned jobs" role="group"></div>
      <form><div class="bugs"></div><label><span class="sr">Bug number</span><input name="bug" placeholder="Bug" size="9" autocomplete="off"></label>
      <label><span class="sr">Classification</span><select name="classification">${options}</select></label>
      <label class="grow"><span class="sr">Comment</span><input name="comment" placeholder="Comment" autocomplete="off"></label>
      <button class="main" title="ctrl + enter">Save</button>
      <button type="button" data-do="unclassify" title="For sheriffs: delete all classifications of these jobs">Unclassify all</button>
      <button type="button" data-do="clear" title="ctrl + shift + u">Clear</button></form>`;
    document.body.append(this.element);
    this.form = /** @type {HTMLFormElement} */ (find('form', this.element));
    this.form.addEventListener('submit', (event) => { event.preventDefault(); this.takeBug(); this.save(); });
    this.form.addEventListener('keydown', (event) => {
      const field = /** @type {HTMLInputElement} */ (event.target);
      if (field.name === 'bug' && event.key === 'Enter' && !event.ctrlKey && field.value) { event.preventDefault(); this.takeBug(); }
    });
    this.field('comment').addEventListener('paste', () => setTimeout(() => {
      if (hasCommit(this.field('comment').value)) this.field('classification').value = '2';
    }));
    this.element.addEventListener('click', (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const { unpin, unbug } = target.dataset;
      if (unpin) this.toggle(Number(unpin));
      else if (unbug) { this.bugs = this.bugs.filter((bug) => bugName(bug) !== unbug); this.draw(); }
      else if (target.dataset.do === 'clear') this.clear();
      else if (target.dataset.do === 'unclassify') this.unclassifyAll();
    });
    board.list.addEventListener('click', (event) => {
      const push = /** @type {HTMLElement} */ (event.target).dataset?.pinAll;
      if (!push) return;
      if (this.board.waiting.has(Number(push))) this.board.draw(Number(push));
      const { pinned } = this.board;
      const shown = all(`#push-${push} .j`).map((element) => Number(element.dataset.id)).filter((id) => !pinned.has(id));
      for (const id of shown.slice(0, MOST_JOBS - pinned.size)) pinned.add(id);
      if (shown.some((id) => !pinned.has(id))) toast(`No more than ${MOST_JOBS} jobs can be pinned.`, { error: true });
      this.draw();
    });
    this.restore();
  }

  /** Goes to log in; the pinboard is there again afterwards. */
  logIn() {
    const { classification, comment } = { classification: this.field('classification').value, comment: this.field('comment').value };
    sessionStorage.setItem(KEPT, JSON.stringify({ jobs: [...this.board.pinned], bugs: this.bugs, classification, comment }));
    location.href = loginUrl();
  }

  restore() {
    const kept = sessionStorage.getItem(KEPT);
    if (!kept) return;
    sessionStorage.removeItem(KEPT);
    const { jobs, bugs, classification, comment } = JSON.parse(kept);
    for (const id of jobs) this.board.pinned.add(id);
    this.bugs = bugs;
    this.field('classification').value = classification;
    this.field('comment').value = comment;
    this.draw();
  }

  /** @param {string} name @returns {HTMLInputElement} */
  field(name) {
    return /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name));
  }

  /** @param {number} id */
  pin(id) {
    if (!this.board.pinned.has(id)) this.toggle(id);
  }

  /** @param {number} id */
  toggle(id) {
    const { pinned } = this.board;
    if (pinned.has(id)) pinned.delete(id);
    else if (pinned.size >= MOST_JOBS) toast(`No more than ${MOST_JOBS} jobs can be pinned.`, { error: true });
    else pinned.add(id);
    this.draw();
  }

  /** @param {string} number @param {string} internal @param {{ filed?: boolean, issue?: Issue }} [more] */
  addBug(number, internal, more) {
    const bug = number ? readBug(number) : readBug(`i${internal}`);
    if (bug) Object.assign(bug, more);
    if (bug && !this.bugs.some((known) => bugName(known) === bugName(bug))) this.bugs.push(bug);
    this.draw();
  }

  /** Makes an issue of our own for a failure that has no bug, and pins it with the job. @param {number} id @param {string} text */
  async issue(id, text) {
    if (!this.loggedIn()) return;
    try {
      const made = await ask('/api/internal_issue/', { method: 'POST', body: { summary: text.slice(0, 255) } });
      this.pin(id);
      this.addBug('', String(made.internal_id));
    } catch (error) {
      this.tell('The issue could not be made', error);
    }
  }

  /** Takes what is in the bug field. */
  takeBug() {
    const field = this.field('bug');
    for (const text of field.value.split(/[\s,]+/).filter(Boolean)) {
      const bug = readBug(text);
      if (!bug) return toast(`“${text}” is no bug: 123456 or i77 is.`, { error: true });
      this.addBug(bug.id === null ? '' : bugName(bug), String(bug.internal ?? ''));
    }
    field.value = '';
  }

  /** @param {string} name */
  focus(name) {
    if (!this.element.hidden) this.field(name).focus();
  }

  draw() {
    const { pinned, model } = this.board;
    this.element.hidden = !pinned.size;
    document.body.classList.toggle('has-pinboard', pinned.size > 0);
    const jobs = [...pinned].map((id) => model.job(id)).filter((job) => !!job);
    const box = /** @type {HTMLElement} */ (find('.pinned-jobs', this.element));
    box.innerHTML = `<b>${pinned.size}</b> ${jobs.slice(0, 60).map((job) => `<button type="button" class="pin s-${job.status}" data-unpin="${job.id}" title="${safe(job.kind.name)}, unpin" aria-label="Unpin ${safe(job.kind.name)}">${safe(job.kind.symbol)}</button>`).join('')}${jobs.length > 60 ? ' …' : ''}`;
    const bugs = /** @type {HTMLElement} */ (find('.bugs', this.element));
    bugs.innerHTML = this.bugs.map((bug) => `<button type="button" class="pin" data-unbug="${bugName(bug)}" aria-label="Bug ${bugName(bug)}, remove">${bugName(bug)} ×</button>`).join('');
    for (const element of all('.j.pinned', this.board.list)) if (!pinned.has(Number(element.dataset.id))) element.classList.remove('pinned');
    for (const id of pinned) find(`.j[data-id="${id}"]`, this.board.list)?.classList.add('pinned');
  }

  clear() {
    this.board.pinned.clear();
    this.bugs = [];
    this.form.reset();
    this.draw();
  }

  get api() {
    return `/api/project/${encodeURIComponent(this.board.repo)}`;
  }

  loggedIn() {
    if (user()) return true;
    this.askToLogIn('Log in to do that.');
    return false;
  }

  /** @param {string} text */
  askToLogIn(text) {
    toast(text, { error: true, action: 'Log in', run: () => this.logIn() });
  }

  /** Tells why something was not done; sessions end after some time. @param {string} what @param {unknown} error */
  tell(what, error) {
    const { status, message } = /** @type {{ status?: number, message: string }} */ (error);
    if (status === 403 && /credentials were not provided/.test(message)) this.askToLogIn(`${what}: your session is over.`);
    else toast(`${what}: ${message}`, { error: true });
  }

  async save() {
    if (this.saving) return;
    if (!this.board.pinned.size && this.board.selected) this.pin(this.board.selected);
    this.takeBug();
    const classification = Number(this.field('classification').value);
    const comment = this.field('comment').value;
    const free = document.body.dataset.free === 'true';
    const why = problem({ jobs: this.board.pinned.size, bugs: this.bugs.length, classification, comment, free });
    if (why) return toast(why, { error: true });
    if (!this.loggedIn()) return;
    const jobs = [...this.board.pinned];
    const bugs = [...this.bugs];
    const who = user();
    this.saving = true;
    const former = new Map(jobs.map((id) => [id, this.board.model.job(id)?.classification ?? 1]));
    // The page shows it at once; what cannot be stored is taken back.
    for (const id of jobs) this.setClassification(id, classification);
    /** The jobs that are classified, with the bugs that each did not have before: no others are taken off it again. @type {Map<number, Bug[]>} */
    const made = new Map();
    const results = await Promise.allSettled(jobs.map(async (id) => {
      /** @type {Bug[]} */
      const added = [];
      await ask(`${this.api}/note/`, { method: 'POST', body: { job_id: id, failure_classification_id: classification, text: comment, who: null } });
      made.set(id, added);
      for (const bug of bugs) {
        const { message } = await ask(`${this.api}/bug-job-map/`, { method: 'POST', body: { job_id: id, bug_id: bug.id, internal_id: bug.internal, type: 'annotation', bug_open: !!bug.filed } });
        if (!/already exists/.test(message)) added.push(bug);
      }
    }));
    this.saving = false;
    const failed = jobs.filter((_, at) => results[at].status === 'rejected');
    // Where the note is stored and a bug is not, the job is classified.
    for (const id of failed) if (!made.has(id)) this.setClassification(id, former.get(id) ?? 1);
    const done = jobs.filter((id) => !failed.includes(id));
    for (const id of done) this.board.pinned.delete(id);
    if (failed.length) {
      const first = /** @type {PromiseRejectedResult} */ (results.find((result) => result.status === 'rejected'));
      this.tell(`${failed.length} of ${jobs.length} jobs could not be classified`, first.reason);
    } else this.clear();
    this.draw();
    if (made.size) toast(`${made.size} ${made.size === 1 ? 'job' : 'jobs'} classified`, { action: 'Undo', run: () => this.undo(made, { who, failure_classification_id: classification, text: comment }) });
    document.dispatchEvent(new CustomEvent('classified'));
    const issue = wanting(bugs, made);
    if (issue) this.urge(done.includes(issue.job) ? issue.job : done[0], issue);
  }

  /** Asks for a bug for an issue that is seen often. @param {number} job @param {Issue} issue */
  async urge(job, issue) {
    const panel = find('#panel');
    const { file } = await import('./filer.js');
    if (panel) file(this, job, panel, { ...issue, job: '' });
  }

  /** Takes back what was saved, and nothing that was there before. @param {Map<number, Bug[]>} made @param {{ who: string, failure_classification_id: number, text: string }} note */
  async undo(made, note) {
    const ours = (/** @type {Note} */ each) => each.who === note.who && each.failure_classification_id === note.failure_classification_id && each.text === note.text;
    const results = await Promise.allSettled([...made].map(([id, bugs]) => this.takeBack(id, bugs, ours)));
    const failed = results.filter((result) => result.status === 'rejected').length;
    toast(failed ? `${failed} of ${made.size} could not be undone` : 'Undone', { error: failed > 0 });
    document.dispatchEvent(new CustomEvent('classified'));
  }

  /** Deletes the newest note of a job, or the newest of some, and some bugs. @param {number} id @param {Bug[]} bugs @param {(note: Note) => boolean} [which] */
  async takeBack(id, bugs, which = () => true) {
    /** @type {Note[]} */
    const notes = await ask(`${this.api}/note/?job_id=${id}`);
    notes.sort((a, b) => a.id - b.id);
    const at = notes.findLastIndex(which);
    const [newest] = at < 0 ? [] : notes.splice(at, 1);
    if (newest) await ask(`${this.api}/note/${newest.id}/`, { method: 'DELETE' });
    for (const bug of bugs) await ask(`${this.api}/bug-job-map/${id}-${bugName(bug)}/`, { method: 'DELETE' });
    this.setClassification(id, notes.at(-1)?.failure_classification_id ?? 1);
  }

  /** Deletes the newest note of a job and all its bugs. @param {number} id */
  async unclassify(id) {
    if (!id || !this.loggedIn()) return;
    try {
      /** @type {{ bug_id: number | null, bug_internal_id: number | null }[]} */
      const bugs = await ask(`${this.api}/bug-job-map/?job_id=${id}`);
      await this.takeBack(id, bugs.map((bug) => ({ id: bug.bug_id, internal: bug.bug_internal_id })));
      toast('Classification deleted');
      document.dispatchEvent(new CustomEvent('classified'));
    } catch (error) {
      this.tell('The classification could not be deleted', error);
    }
  }

  /** Deletes all classifications of the pinned jobs. */
  async unclassifyAll() {
    if (!this.loggedIn()) return;
    const jobs = [...this.board.pinned];
    try {
      await ask(`${this.api}/classification/`, { method: 'DELETE', body: jobs.map((id) => ({ id })) });
      for (const id of jobs) this.setClassification(id, 1);
      this.clear();
      toast('Classifications deleted');
    } catch (error) {
      this.tell('That was refused', error);
    }
  }

  /** Deletes one note or one bug of a job; tells whether it did. @param {number} id @param {DOMStringMap} what */
  async remove(id, what) {
    if (!this.loggedIn()) return false;
    try {
      if (what.note) await ask(`${this.api}/note/${what.note}/`, { method: 'DELETE' });
      else await ask(`${this.api}/bug-job-map/${id}-${what.bug}/`, { method: 'DELETE' });
      return true;
    } catch (error) {
      this.tell('That was refused', error);
      return false;
    }
  }

  /** Shows a classification before the server tells of it. @param {number} id @param {number} classification */
  setClassification(id, classification) {
    const job = this.board.model.job(id);
    if (!job || !isFailure(job.status)) return;
    job.classification = classification;
    this.board.redraw(job);
    this.board.progress(job.push);
    this.board.meters();
    this.board.count();
  }
}
