// Builds the page into the folder that the service serves, or into the one that is named:  node build.mjs [FOLDER]
// The same source gives the same bytes; tests/service/page compares them with what is shipped.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../src/likewise/service/assets");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.js" },
  outdir: out,
  bundle: true,
  splitting: true, // what a journey imports on demand is a file of its own
  chunkNames: "[name]-[hash]",
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
  minify: true,
  legalComments: "none", // the licences are in licences.txt
  metafile: true,
  logLevel: "warning",
});

// What app.js imports at once is announced in the page, so that the browser fetches all of it together.
const outputs = Object.fromEntries(
  Object.entries(metafile.outputs).map(([path, output]) => [relative(out, join(here, path)), output]),
);
const preloads = outputs["app.js"].imports
  .filter(({ kind }) => kind === "import-statement")
  .map(({ path }) => `<link rel="modulepreload" href="assets/${relative(out, join(here, path))}">`);
const page = readFileSync(join(here, "src/index.html"), "utf8").replace("<!-- preloads -->\n", () => preloads.map((line) => `${line}\n`).join(""));
writeFileSync(join(out, "index.html"), page);
writeFileSync(join(out, "icon.svg"), readFileSync(join(here, "src/icon.svg")));

// The licences of the packages whose code is in the bundle.
const packages = new Set(
  Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.keys(inputs))
    .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter(Boolean),
);
const notices = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence text: add it to build.mjs`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
const rule = `\n${"-".repeat(80)}\n\n`;
writeFileSync(join(out, "licences.txt"), ["The page contains code of these packages.\n", ...notices].join(rule));
