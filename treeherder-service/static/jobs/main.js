// @ts-check
// The jobs page: takes over what the server rendered and keeps it alive.
import { find, kept } from '../dom.js';
import { overlay } from '../page.js';
import { Board } from './board.js';
import { Details } from './details.js';
import { follow } from './live.js';
import { loadMore } from './more.js';
import { keyboard } from './keys.js';
import { Pinboard } from './pinboard.js';
import { controls } from './controls.js';

const data = find('#data')?.textContent;
if (data) {
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
