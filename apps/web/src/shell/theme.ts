import { createTheme } from "@mantine/core";
import type { CSSVariablesResolver } from "@mantine/core";

/** System fonts, Chinese ones among them: nothing is fetched. */
const fontFamily =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Zen Hei", sans-serif';

/** White on shade 8 is 5.9 : 1. */
const pine = [
  "#e7f6f2",
  "#d3ebe4",
  "#a8d6c9",
  "#7ac0ac",
  "#54ad94",
  "#3ca185",
  "#2b9478",
  "#178267",
  "#0b6e5f",
  "#075549",
] as const;

export const theme = createTheme({
  fontFamily,
  headings: { fontFamily, fontWeight: "650" },
  colors: { pine },
  primaryColor: "pine",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "md" } },
    NativeSelect: { defaultProps: { size: "md" } },
    TextInput: { defaultProps: { size: "md" } },
    Textarea: { defaultProps: { size: "md" } },
    Checkbox: { defaultProps: { size: "md" } },
    Radio: { defaultProps: { size: "md" } },
    CheckboxGroup: { defaultProps: { size: "md" } },
    RadioGroup: { defaultProps: { size: "md" } },
  },
});

/** Quiet text, placeholders and errors with at least 4.5 : 1 on the theme's paper. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#4d5763",
    "--mantine-color-placeholder": "#5c6672",
    "--mantine-color-error": "#b42318",
    "--mantine-color-text": "#1b2530",
  },
  dark: {
    "--mantine-color-body": "#11161b",
    "--mantine-color-dimmed": "#aeb8c2",
    "--mantine-color-placeholder": "#aeb8c2",
    "--mantine-color-error": "#ff9b90",
    "--mantine-color-text": "#e8edf2",
    "--mantine-color-default": "#1a2128",
    "--mantine-color-default-border": "#7d8894",
  },
});
