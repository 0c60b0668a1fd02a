import "./page/page.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Page } from "./page/Page";

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root.");
createRoot(root).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
