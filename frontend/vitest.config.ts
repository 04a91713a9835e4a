// Runs the tests of all packages and of the page.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  resolve: { tsconfigPaths: true },
  test: {
    environment: "happy-dom",
    include: ["{app,packages/*,tests}/**/*.test.{ts,tsx}"],
    setupFiles: ["app/src/testSetup.ts"],
    // How long a hanging test waits, not how long one may take: the machine may be busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
