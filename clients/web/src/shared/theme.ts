/** How everything looks: one palette, one radius, and colours whose contrast is enough in both schemes. */

import { createTheme, type CSSVariablesResolver, DEFAULT_THEME } from "@mantine/core";

const FONT =
  'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif';

export const theme = createTheme({
  colors: {
    // cooler than Mantine's own, to go with the accent
    dark: [
      "#d3d8df",
      "#b7bdc7",
      "#9aa1ad",
      "#79818e",
      "#3d434c",
      "#31363e",
      "#23272d",
      "#1b1e23",
      "#15181c",
      "#101215",
    ],
  },
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 7 },
  fontFamily: FONT,
  headings: {
    fontFamily: FONT,
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.75rem", lineHeight: "1.25" },
      h2: { fontSize: "1.25rem", lineHeight: "1.35" },
      h3: { fontSize: "1rem", lineHeight: "1.45" },
    },
  },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        centered: true,
        padding: "lg",
        radius: "lg",
        overlayProps: { backgroundOpacity: 0.45 },
      },
      styles: { title: { fontWeight: 650, fontSize: "1.125rem", lineHeight: 1.35 } },
    },
    Drawer: { defaultProps: { padding: "lg", overlayProps: { backgroundOpacity: 0.45 } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Badge: { defaultProps: { variant: "light", radius: "sm", tt: "none", fw: 550 } },
    // The placeholder that has the focus at first is no item of a menu (axe: aria-required-children).
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Alert: { defaultProps: { variant: "light" } },
    Skeleton: { defaultProps: { radius: "sm" } },
  },
});

const COLORS = Object.keys(DEFAULT_THEME.colors).filter((name) => name !== "dark");

/** Of buttons that delete. */
const RED = { "--mantine-color-red-filled": "#c92a2a", "--mantine-color-red-filled-hover": "#b02323" };

/** Mantine's own "light" texts and dimmed grey stay below the 4.5:1 of WCAG 1.4.3 on some backgrounds. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#fff",
    "--mantine-color-dimmed": "#5c636a",
    "--mantine-color-placeholder": "#6c757d",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    ...RED,
    "--mantine-color-anchor": "var(--mantine-color-indigo-8)",
    "--page-background": "#f6f7f9",
    "--page-line": "#e3e6ea",
    "--picture-track": "#e7eaf0",
    "--picture-sent": "var(--mantine-color-indigo-6)",
    "--picture-received": "var(--mantine-color-teal-6)",
    ...tints(10, (name) => `color-mix(in srgb, var(--mantine-color-${name}-9) 78%, black)`),
  },
  dark: {
    "--mantine-color-body": "#1b1e23",
    "--mantine-color-dimmed": "#a6adb8",
    "--mantine-color-placeholder": "#949ba6",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    ...RED,
    "--mantine-color-anchor": "var(--mantine-color-indigo-3)",
    "--mantine-color-bright": "#fff",
    "--page-background": "#131519",
    "--page-line": "#2b3037",
    "--picture-track": "#31353d",
    "--picture-sent": "var(--mantine-color-indigo-4)",
    "--picture-received": "var(--mantine-color-teal-4)",
    ...tints(17, (name) => `var(--mantine-color-${name}-2)`),
  },
});

/** Backgrounds of the "light" variants, a share of the colour in percent, and the texts on them. */
function tints(share: number, text: (name: string) => string): Record<string, string> {
  const mix = (name: string, percent: number) =>
    `color-mix(in srgb, var(--mantine-color-${name}-6) ${percent}%, var(--mantine-color-body))`;
  return Object.fromEntries(
    COLORS.flatMap((name) => [
      [`--mantine-color-${name}-light`, mix(name, share)],
      [`--mantine-color-${name}-light-hover`, mix(name, share + 5)],
      [`--mantine-color-${name}-light-color`, text(name)],
    ]),
  );
}
