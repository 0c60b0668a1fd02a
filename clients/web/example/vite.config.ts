import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ["mailbox-svc-source", "module", "browser", "development|production"] },
  build: { chunkSizeWarningLimit: 1000 },
});
