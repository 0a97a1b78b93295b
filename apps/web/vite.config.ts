/**
 * Builds the demo into `dist/`. The engine comes from the TypeScript sources of the packages, so nothing has to be built before.
 */
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defaultClientConditions, defineConfig } from 'vite'
import { compress } from './build/compress.ts'
import { emoji } from './build/emoji.ts'
import { serviceWorker } from './build/service-worker.ts'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), emoji(), serviceWorker(), compress()],
  resolve: { conditions: ['@parley/source', ...defaultClientConditions] },
  build: {
    target: 'es2023',
    sourcemap: true,
    // Data URLs would need `data:` in font-src and the like; a file of its own is cached as well.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
})
