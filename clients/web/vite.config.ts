import react from "@vitejs/plugin-react";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Bytes of JavaScript that a browser loads at most, compressed as servers do. */
const BUDGET = 250_000;

/** Fails the build when the page has become too large. */
function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const sizes = Object.values(bundle).map((file) =>
        file.type === "chunk" ? gzipSync(file.code).length : 0,
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      this.info(`JavaScript: ${(total / 1000).toFixed(1)} kB compressed of ${BUDGET / 1000} kB allowed`);
      if (total > BUDGET)
        this.error(`The page's JavaScript is ${total} bytes compressed; ${BUDGET} are allowed.`);
    },
  };
}

export default defineConfig({
  base: "/profile/integrations/",
  plugins: [react(), budget()],
  resolve: { conditions: ["mailbox-svc-source", "module", "browser", "development|production"] },
  build: {
    outDir: "../../src/mailbox_svc/rest/static",
    emptyOutDir: true,
    // No data: URLs, for the page's policy allows none; and no tag that a nonce would be missing on.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    target: "es2022",
  },
  server: { proxy: { "/api": process.env.MAILBOX_GATEWAY ?? "http://127.0.0.1:8080" } },
});
