import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const LEFT = /^(react|react-dom|@mantine|@tanstack|mailboxes-client)(\/|$)/;

/** The component for other applications: ES modules and one stylesheet, with React and the rest left to them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  publicDir: false,
  build: {
    lib: { entry: "src/index.ts", formats: ["es"], fileName: "index", cssFileName: "styles" },
    rolldownOptions: { external: (id) => LEFT.test(id) && !id.endsWith(".css") },
    target: "es2022",
  },
});
