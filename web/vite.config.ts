import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.CUTROOM_SERVER ?? "http://127.0.0.1:8400";
const output = process.env.CUTROOM_UI_OUTPUT ?? fileURLToPath(new URL("./dist", import.meta.url));

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: output,
    emptyOutDir: true,
    target: "es2022",
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    // A strict content security policy allows no data: addresses for scripts, styles or fonts.
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
