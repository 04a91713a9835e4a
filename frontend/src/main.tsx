// Starts the page.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { browserWorld } from "./client/browserWorld";
import { arrived } from "./hooks/credential";
import { startLanguage } from "./i18n/language";
import { App } from "./pages/App";
import { Entrance } from "./pages/Entrance";
import { keepPage } from "./ui/offline";
import { startTheme } from "./ui/theme";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");

arrived.read();
startTheme();

const language = await startLanguage();

createRoot(root).render(
  <StrictMode>
    <I18nextProvider i18n={language}>
      <Entrance world={browserWorld()}>
        <App />
      </Entrance>
    </I18nextProvider>
  </StrictMode>,
);

void keepPage();
