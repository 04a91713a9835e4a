// Builds the page, serves it in development with the backend behind it, and runs its tests.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const target = process.env.ALCOVE_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  // Every browser that runs the page preloads modules by itself.
  build: { modulePreload: { polyfill: false } },
  server: {
    host: "127.0.0.1",
    // `/items/{id}` without `/ws` is a deep link into the page, so only what the server owns goes through.
    proxy: {
      "^/ws(?:[/?]|$)": { target, ws: true },
      "^/items/[^/?]+/ws(?:\\?|$)": { target, ws: true },
      "^/(?:api|healthz|readyz|metrics|openapi\\.json|asyncapi\\.json|docs)(?:[/?]|$)": { target },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["{src,tests}/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testSetup.ts"],
    // What a hanging test waits for, not what one may take: the machine may be busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
