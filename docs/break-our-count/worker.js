/** Runs VoteApp's Python beside the page, so that the page never freezes. */
import { loadPyodide } from './pyodide/pyodide.mjs';

const MODULE = 'services.tools.replay.break_our_count';

const ready = load();
ready.then(
  () => postMessage({ kind: 'ready' }),
  (error) => postMessage({ kind: 'failed', text: String(error) }),
);

async function load() {
  const [python, archive] = await Promise.all([
    loadPyodide({ indexURL: './pyodide/' }),
    fetch('./voteapp.zip').then((answer) => answer.arrayBuffer()),
  ]);
  python.unpackArchive(archive, 'zip', { extractDir: '/voteapp' });
  python.runPython('import sys; sys.path.insert(0, "/voteapp")');
  return python.pyimport(MODULE);
}

addEventListener('message', async (event) => {
  try {
    const module = await ready;
    const progress = (/** @type {string} */ text) => postMessage({ kind: 'progress', run: JSON.parse(text) });
    const result = await module.run(JSON.stringify(event.data), progress);
    postMessage({ kind: 'done', run: JSON.parse(result) });
  } catch (error) {
    postMessage({ kind: 'failed', text: String(error) });
  }
});
