import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.CUTROOM_SERVER ?? "http://127.0.0.1:8400";
const output = process.env.CUTROOM_UI_OUTPUT ?? fileURLToPath(new URL("./dist", import.meta.url));

/**
 * hls.js is built from its sources: its light build cannot play audio renditions, its full build carries
 * subtitles, DRM and advertisements as well. These are its own build flags.
 */
const hlsFlags = {
  __VERSION__: JSON.stringify("cutroom"),
  __USE_ALT_AUDIO__: "true",
  __USE_SUBTITLES__: "false",
  __USE_EME_DRM__: "false",
  __USE_CMCD__: "false",
  __USE_CONTENT_STEERING__: "false",
  __USE_VARIABLE_SUBSTITUTION__: "false",
  __USE_M2TS_ADVANCED_CODECS__: "false",
  __USE_MEDIA_CAPABILITIES__: "false",
  __USE_INTERSTITIALS__: "false",
  __USE_IFRAMES__: "false",
  __IN_WORKER__: "false",
  __HLS_WORKER_BUNDLE__: "undefined",
};

const sharedByAll =
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store|@tanstack|openapi-fetch)\/|lucide-react\/dist\/esm\/[A-Za-z]+\.|src\/(api|app|time)\/|controls\/(Button|Field|Notice|Progress|Skeleton|rows|useRows)/;

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "hls.js/src": fileURLToPath(new URL("./node_modules/hls.js/src", import.meta.url)) } },
  define: hlsFlags,
  build: {
    outDir: output,
    emptyOutDir: true,
    target: "es2022",
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    modulePreload: { polyfill: false },
    // A strict content security policy allows no data: addresses for scripts, styles or fonts.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What every page needs travels in one piece: it compresses better, and is one request.
        codeSplitting: { groups: [{ name: "shared", test: sharedByAll, minShareCount: 2 }] },
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
