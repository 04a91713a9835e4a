// Starts the page.

import { browserWorld } from "alcove-client";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startLanguage } from "./i18n/language";
import { LanguageProvider } from "./i18n/translation";
import { App } from "./pages/App";
import { Entrance } from "./pages/Entrance";
import { arrived } from "./session/credential";
import { Boundary } from "./ui/Boundary";
import { keepPage } from "./ui/offline";
import { ReloadOffer } from "./ui/ReloadOffer";
import { startTheme } from "./ui/theme";
import "./styles/tokens.css";
import "./styles/base.css";

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no element #root");
const root = createRoot(element);

try {
  arrived.read();
  startTheme();
  const language = await startLanguage();
  const world = browserWorld();
  root.render(
    <StrictMode>
      <Boundary fallback={<ReloadOffer what="page" />}>
        <LanguageProvider i18n={language}>
          <Entrance world={world}>
            <App />
          </Entrance>
        </LanguageProvider>
      </Boundary>
    </StrictMode>,
  );
  void keepPage();
} catch (error) {
  // The words of the page come in a file of their own, which may be gone after a deploy.
  root.render(<ReloadOffer what="part" />);
  reportError(error);
}
