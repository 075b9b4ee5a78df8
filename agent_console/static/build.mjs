// Bundles the browser files at set-up: `npm run build`. File names carry a hash of the content (manifest.json maps them),
// so browsers may cache them for ever. The Voice SDK is copied, not imported: its package exports only ".", and the desk
// loads it only where the carrier is Twilio.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { trim, wordsBelow } from "./trim.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const modules = join(here, "..", "..", "node_modules");
const licensed = ["@tabler/core", "@twilio/voice-sdk", "echarts", "htmx.org", "zrender"];

const trimTabler = {
  name: "trim-tabler",
  setup: (made) =>
    made.onLoad({ filter: /tabler\.min\.css$/ }, ({ path }) => ({
      contents: trim(readFileSync(path, "utf8"), wordsBelow(join(here, ".."))),
      loader: "css",
    })),
};

const exchange = join(here, "..", "..", "hotline", "exchange", "static");

const options = {
  entryPoints: {
    core: join(here, "js", "core.js"),
    theme: join(here, "js", "theme.js"),
    desk: join(here, "js", "desk", "desk.js"),
    notices: join(here, "js", "notices.js"),
    passkeys: join(here, "js", "passkeys.js"),
    charts: join(here, "js", "charts.js"),
    tape: join(exchange, "tape.js"),
    frame: join(here, "css", "frame.css"),
  },
  bundle: true,
  minify: true,
  sourcemap: "linked",
  target: ["chrome111", "firefox114", "safari16.4"],
  format: "iife",
  outdir: dist,
  entryNames: "[name]-[hash]",
  metafile: true,
  legalComments: "none",
  logLevel: "info",
  plugins: [trimTabler],
};

function manifest(metafile) {
  const names = {};
  for (const file of Object.keys(metafile.outputs)) {
    const name = relative(dist, join(process.cwd(), file));
    if (!name.endsWith(".map")) names[name.replace(/-[A-Z0-9]{8}(?=\.)/, "")] = name;
  }
  names["twilio.js"] = copyTwilio();
  writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(names, null, 2)}\n`);
}

function copyTwilio() {
  const source = join(modules, "@twilio", "voice-sdk", "dist", "twilio.min.js");
  const hash = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 8).toUpperCase();
  const name = `twilio-${hash}.js`;
  copyFileSync(source, join(dist, name));
  return name;
}

/** Returns Tabler's licence: its package has it only as the banner of the style sheet, which names the copyright and MIT. */
function banner(folder) {
  const css = readFileSync(join(folder, "dist", "css", "tabler.css"), "utf8");
  const mit = readFileSync(join(here, "MIT.txt"), "utf8");
  return `${css.match(/\/\*![^]*?\*\//)[0]}\n\n${mit}`;
}

function licences() {
  const parts = licensed.map((name) => {
    const folder = join(modules, name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.md|\.txt)?$/i.test(entry));
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = file ? readFileSync(join(folder, file), "utf8") : banner(folder);
    return `${name} ${version}\n\n${text}`;
  });
  writeFileSync(join(dist, "LICENCES.txt"), parts.join("\n\n----\n\n"));
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
if (process.argv.includes("--watch")) {
  const remember = { name: "manifest", setup: (b) => b.onEnd((r) => r.metafile && manifest(r.metafile)) };
  await (await context({ ...options, plugins: [...options.plugins, remember] })).watch();
} else {
  manifest((await build(options)).metafile);
  licences();
}
