// Builds the page, and serves it in development with the backend behind it.
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type UserConfig } from "vite";

const target = process.env.ALCOVE_BACKEND ?? "http://127.0.0.1:8000";

/** In development Vite serves `/embed/{item}`, as the backend does with what is built. */
const embedAddresses: Plugin = {
  name: "embed-addresses",
  configureServer({ middlewares }) {
    middlewares.use((request, _response, next) => {
      if (request.url?.startsWith("/embed/")) request.url = "/embed.html";
      next();
    });
  },
};

/**
 * Files name each other by relative addresses, so that they are the same below every base path (rule B1). Documents have
 * addresses of any depth: theirs begin at the root, and the server puts its base path before them.
 */
export const relativeFiles: UserConfig["experimental"] = {
  renderBuiltUrl: (_file, { hostType }) => (hostType === "html" ? undefined : { relative: true }),
};

/**
 * The page gives the components their texts in the reader's language: English ones as their default would be loaded by
 * readers of Spanish, too.
 */
const noDefaultTexts: Plugin = {
  name: "no-default-texts",
  apply: "build",
  enforce: "pre",
  resolveId: (source, importer) =>
    source === "./strings/en" && importer?.endsWith("/react/src/provider.tsx") ? NO_TEXTS : null,
  load: (id) => (id === NO_TEXTS ? "export const en = undefined;" : null),
};
const NO_TEXTS = "\0no-texts";

/** What is needed first; what it imports comes with it. */
const FIRST = /(?:app[\\/]src[\\/]main|messages[\\/](?:EditField|Sheet|Toolbar))\.tsx$/;

export default defineConfig({
  plugins: [react(), noDefaultTexts, embedAddresses],
  // The packages are built from their sources: tsconfig.base.json says where they are.
  resolve: {
    tsconfigPaths: true,
    // wouter loads a shim for React 17; the hook is in React itself.
    alias: { "use-sync-external-store/shim/index.js": "react" },
  },
  experimental: relativeFiles,
  // Every browser that runs the page preloads modules by itself.
  build: {
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the page needs first is one file: shared by lazy parts it would be thirty, which compress worse. So are
        // the parts of a message: Chromium never asks again for a module that it could not load, so that after an
        // outage there would be no way to edit or delete until the page is loaded again. A message fails by the server's
        // answer: then its part can be loaded, too.
        codeSplitting: { groups: [{ name: "index", test: FIRST, priority: 1 }] },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    // `/items/{id}` without `/ws` is a deep link into the page, so only what the server owns goes through.
    proxy: {
      "^/ws(?:[/?]|$)": { target, ws: true },
      "^/items/[^/?]+/ws(?:\\?|$)": { target, ws: true },
      "^/(?:api|healthz|readyz|metrics|openapi\\.json|asyncapi\\.json|docs|embed\\.js)(?:[/?]|$)": { target },
    },
  },
});
