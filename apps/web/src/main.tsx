import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/Checkbox.css";
import "@mantine/core/styles/Radio.css";
import "@mantine/core/styles/Skeleton.css";
import "@mantine/core/styles/Group.css";
import "./styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nProvider } from "./i18n/I18n.tsx";
import { PortalSession } from "./join/portalSession.ts";
import { App } from "./shell/App.tsx";
import { theme, variables } from "./shell/theme.ts";

const session = new PortalSession(() => {
  const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
  return { channel: worker, end: () => worker.terminate() };
}, sessionStorage);
session.resume();

const root = document.getElementById("portal");
if (root === null) throw new Error("The page has no element for the portal");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <I18nProvider>
        <QueryClientProvider client={new QueryClient()}>
          <App session={session} />
        </QueryClientProvider>
      </I18nProvider>
    </MantineProvider>
  </StrictMode>,
);
