/**
 * The last step of the build: refuse a first route over its budget, then leave .gz and .br beside what compresses.
 * Plain-HTTP browsers accept only gzip, so both are needed. Usage: node seal.mjs DIRECTORY
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const firstRouteBudget = 130_000;
const smallest = 600;
const compressible = new Set([".js", ".css", ".html", ".svg", ".json"]);

const directory = process.argv[2];
if (!directory) throw new Error("Usage: node seal.mjs DIRECTORY");

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

/** Everything a browser loads before the library shows: the entry, what it imports, and their styles. */
function firstRoute() {
  const manifest = JSON.parse(readFileSync(join(directory, ".vite/manifest.json"), "utf8"));
  const files = new Set();
  const visited = new Set();
  const visit = (key) => {
    if (visited.has(key)) return;
    visited.add(key);
    const entry = manifest[key];
    for (const file of [entry.file, ...(entry.css ?? [])]) files.add(file);
    for (const imported of entry.imports ?? []) visit(imported);
  };
  visit("index.html");
  return [...files];
}

function gzip(bytes) {
  return gzipSync(bytes, { level: 9 });
}

const sizes = firstRoute().map((file) => [file, gzip(readFileSync(join(directory, file))).length]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
console.log(`first route ${(total / 1000).toFixed(1)} kB gzipped of ${firstRouteBudget / 1000}`);
if (total > firstRouteBudget) {
  for (const [file, size] of sizes.sort((a, b) => b[1] - a[1])) console.error(`  ${String(size).padStart(7)}  ${file}`);
  console.error("The first route is over its budget: load later what it does not show.");
  process.exit(1);
}

rmSync(join(directory, ".vite"), { recursive: true });
for (const path of [...filesUnder(directory)]) {
  const bytes = readFileSync(path);
  if (!compressible.has(extname(path)) || bytes.length < smallest) continue;
  writeFileSync(`${path}.gz`, gzip(bytes));
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, options));
}
