export type { GmailIntegrationsProps, Tab } from "./GmailIntegrations";
export { GmailIntegrations } from "./GmailIntegrations";
export type { ColorScheme } from "./shared/Themed";
