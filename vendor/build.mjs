// Bundles entries/ into the folder that is named: `node build.mjs FOLDER`. The same bytes on every machine.
import { build } from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node build.mjs FOLDER");

const common = {
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none", // LICENSES.txt has them whole
  target: "es2022",
  outdir: folder,
  metafile: true,
  logLevel: "warning",
};
const modules = ["codemirror.js", "uplot.js", "uplot.css", "xterm.js", "xterm.css"];
const alias = { "@codemirror/lang-html": "./plain_html.js" };

const built = [
  await build({ ...common, entryPoints: ["entries/htmx.js"], format: "iife" }),
  await build({ ...common, entryPoints: modules.map((name) => `entries/${name}`), format: "esm", alias }),
];

/** The npm package that a bundled file belongs to, if any. */
function packageOf(path) {
  return path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
}

/** Every package of which something is in a bundle, sorted. */
function packagesIn(results) {
  const paths = results.flatMap((result) => Object.values(result.metafile.outputs)).flatMap(bundledFiles);
  return [...new Set(paths.map(packageOf))].filter(Boolean).sort();
}

function bundledFiles(output) {
  return Object.keys(output.inputs);
}

function licenceOf(name) {
  const home = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  const file = readdirSync(home).find((entry) => /^licen[sc]e/i.test(entry));
  if (!file) throw new Error(`${name} comes without a licence file`);
  const text = readFileSync(join(home, file), "utf8").replaceAll("\r\n", "\n").trim();
  return `${"=".repeat(72)}\n${name} ${version} (${license})\n\n${text}\n`;
}

const preface = "What script/vendor bundles here, and under which licences.\n\n";
writeFileSync(join(folder, "LICENSES.txt"), preface + packagesIn(built).map(licenceOf).join("\n"));
