// Starts the page.

import { browserPlatform } from "alcove-client";
import { Boundary } from "alcove-react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { startLanguage } from "./i18n/language";
import { LanguageProvider } from "./i18n/translation";
import { App } from "./pages/App";
import { SessionProvider } from "./pages/SessionProvider";
import { arrived } from "./session/credential";
import { Session } from "./session/session";
import { BASE } from "./ui/base";
import { keepPage } from "./ui/offline";
import { ReloadOffer } from "./ui/ReloadOffer";
import { startTheme } from "./ui/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/skeleton.css";

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no element #root");
const root = createRoot(element);

/** Not at the top level: the texts are in a file that needs this one evaluated. */
async function start(): Promise<void> {
  // The page's service worker is for what is below `/chat/`, and `/chat` is not.
  if (location.pathname === BASE) return location.replace(`${BASE}/${location.search}${location.hash}`);
  arrived.read();
  startTheme();
  const translator = await startLanguage();
  const session = new Session(browserPlatform());
  root.render(
    <StrictMode>
      <Boundary fallback={<ReloadOffer what="page" />}>
        <LanguageProvider translator={translator}>
          <SessionProvider session={session}>
            <Router base={BASE}>
              <App />
            </Router>
          </SessionProvider>
        </LanguageProvider>
      </Boundary>
    </StrictMode>,
  );
  await keepPage();
}

start().catch((error: unknown) => {
  // The texts of the page may be gone after a deploy.
  root.render(<ReloadOffer what="part" />);
  reportError(error);
});
