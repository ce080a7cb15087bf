import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

/**
 * Leaves out what the SDK brings and this page never runs: event streams, which DynamoDB
 * does not have, and all of its package.json but the version. A tenth of the page.
 * @type {import('vite').Plugin}
 */
const lean = {
  name: 'lean-sdk',
  enforce: 'pre',
  resolveId: (id) => (id === '@smithy/core/event-streams' ? '\0no-event-streams' : null),
  load(id) {
    if (id === '\0no-event-streams') return 'export const EventStreamSerde = null;';
    if (!/@aws-sdk.*package\.json$/.test(id)) return null;
    const { version } = JSON.parse(readFileSync(id, 'utf8'));
    return JSON.stringify({ version });
  },
};

export default defineConfig({
  base: './', // the site may sit in a folder, or in a bucket behind any domain
  plugins: [lean],
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // light-dark() stays as written
    assetsInlineLimit: 0, // the policy of the page allows no data: fonts
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['index.html', 'phone.html'],
      output: {
        codeSplitting: {
          groups: [
            // All libraries in one file: what the SDK would fetch late is there at once.
            { name: 'libraries', test: /node_modules|no-event-streams/ },
            { name: 'shared', test: /src\/(dom|phase|sentences|theme)\.js/ }, // by both pages
          ],
        },
      },
    },
  },
});
