import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * The portal is the only part that is bundled. It runs under `script-src 'self' 'wasm-unsafe-eval'`: nothing inline, no
 * eval, and the worker is a module of its own.
 */
export default defineConfig({
  plugins: [react()],
  // Libraries that also run on old servers ask Node for what every browser has.
  resolve: { alias: { crypto: join(import.meta.dirname, "src/worker/platformCrypto.ts") } },
  worker: { format: "es" },
  build: {
    target: "es2023",
    // A module preload polyfill would be inline script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The worker holds the curve engine, whose WebAssembly is part of its script.
    chunkSizeWarningLimit: 1_500,
  },
});
