// @ts-check
// The jobs page: takes over what the server rendered and keeps it alive.
import { find, kept, whenShown } from '../dom.js';
import { overlay } from '../page.js';
import { Board } from './board.js';
import { Details } from './details.js';
import { follow } from './live.js';
import { loadMore } from './more.js';
import { keyboard } from './keys.js';
import { Pinboard } from './pinboard.js';
import { controls } from './controls.js';

/** @param {string} data */
function start(data) {
  const board = new Board(JSON.parse(data));
  const pinboard = new Pinboard(board);
  const details = new Details(board, pinboard);
  controls(board);
  keyboard(board, details, pinboard);
  overlay(() => import('./overlay.js').then(({ keys }) => keys()));
  loadMore(board);
  follow(board, details);
  document.documentElement.dataset.ready = '';
  // What waits for pushes is loaded when somebody does, or opens the menu in which one can.
  const wait = () => import('./watch.js').then(({ watch }) => watch(board), () => {});
  if (kept('watched')) wait();
  else board.list.addEventListener('toggle', wait, { once: true, capture: true });
}

const data = find('#data')?.textContent;
// The jobs that the server wrote are there to be read: all else comes after them.
if (data) whenShown(() => start(data));
