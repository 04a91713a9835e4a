// Builds what <alcove-room> frames. Preact stands in for React: the frame is loaded by every page of a host application,
// and the components of alcove-react need nothing of React that Preact lacks.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { relativeFiles } from "./vite.config";

/** What is needed first, and the parts of a message, as in vite.config.ts. */
const FIRST = /(?:app[\\/]src[\\/]embed[\\/]main|messages[\\/](?:EditField|Failed|Sheet|Toolbar))\.tsx$/;

export default defineConfig({
  resolve: {
    tsconfigPaths: true,
    alias: [
      { find: /^react-dom\/client$/, replacement: "preact/compat/client" },
      { find: /^react\/jsx-runtime$/, replacement: "preact/jsx-runtime" },
      { find: /^react(-dom)?$/, replacement: "preact/compat" },
    ],
  },
  publicDir: false,
  experimental: relativeFiles,
  build: {
    outDir: "dist",
    // Beside the page, which is built before.
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: fileURLToPath(new URL("embed.html", import.meta.url)),
      output: { codeSplitting: { groups: [{ name: "embed", test: FIRST, priority: 1 }] } },
      // Libraries mark their modules for React Server Components.
      onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
    },
  },
});
