/** The theme, kept inside one element, so that an application around it looks as before. */

import "./library.css";
import "./styles.css";

import {
  createTheme,
  localStorageColorSchemeManager,
  MantineProvider,
  mergeThemeOverrides,
} from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";

import { cssVariables, theme } from "./theme";

export type ColorScheme = "light" | "dark" | "auto";

const schemes = localStorageColorSchemeManager({ key: "mailboxes-integrations-color-scheme" });

interface ThemedProps {
  /** Light or dark is forced; else the user's choice counts, at first the system's. */
  readonly colorScheme?: ColorScheme | undefined;
  /** Of the page's content security policy, for the style elements that are made here. */
  readonly styleNonce?: string | undefined;
  readonly children: ReactNode;
}

export function Themed({ colorScheme = "auto", styleNonce = "", children }: ThemedProps) {
  useState(() => {
    // What keeps the page from scrolling behind a dialog makes a style element of its own (get-nonce).
    Object.assign(globalThis, { __webpack_nonce__: styleNonce });
  });
  const root = useRef<HTMLDivElement>(null);
  const [portals, setPortals] = useState<HTMLDivElement | null>(null);
  const inside = createTheme({ components: { Portal: { defaultProps: { target: portals ?? undefined } } } });

  return (
    <div ref={root} className="mailboxes-integrations">
      <MantineProvider
        theme={mergeThemeOverrides(theme, inside)}
        cssVariablesResolver={cssVariables}
        cssVariablesSelector=".mailboxes-integrations"
        deduplicateCssVariables={false} // their defaults would be the page's
        getRootElement={() => root.current ?? undefined}
        getStyleNonce={() => styleNonce}
        colorSchemeManager={schemes}
        defaultColorScheme="auto"
        {...(colorScheme === "auto" ? {} : { forceColorScheme: colorScheme })}
      >
        {portals && children}
        <div ref={setPortals} />
      </MantineProvider>
    </div>
  );
}
