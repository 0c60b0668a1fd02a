import { defineConfig } from "vitest/config";

// They talk to a gateway that tests/web/test_typescript_client.py has started; the limit is for a slow machine.
export default defineConfig({
  test: { include: ["tests/**/*.test.ts"], testTimeout: 60_000, fileParallelism: false, watch: false },
});
