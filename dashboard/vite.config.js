import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // the site may sit in a folder, or in a bucket behind any domain
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
            { name: 'libraries', test: /node_modules\/(?!aws4fetch)/ }, // the signer comes with what signs
            { name: 'shared', test: /src\/(dom|phase|sentences|theme|trouble|palette)\.js/ }, // by both pages
          ],
        },
      },
    },
  },
});
