/** Mailboxes and the people in them, as one component: the Integrations page without the page around it. */

import { Tabs } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { createClient } from "mailboxes-client";
import { type ReactNode, useMemo, useState } from "react";

import { ContactsTab } from "./contacts/ContactsTab";
import { DuplicatesTab } from "./duplicates/DuplicatesTab";
import { GroupsTab } from "./groups/GroupsTab";
import { MailboxesTab } from "./mailboxes/MailboxesTab";
import { type Service, ServiceContext } from "./shared/client";
import { Icon, type IconName } from "./shared/icons";
import { newQueryClient } from "./shared/queries";
import { type ColorScheme, Themed } from "./shared/Themed";
import { SkippedTab } from "./skipped/SkippedTab";
import { texts } from "./texts";

export type Tab = "mailboxes" | "contacts" | "skipped" | "duplicates" | "groups";

export interface GmailIntegrationsProps {
  /** Where the gateway is: `https://mail.example.org`. Empty for a page that the gateway itself serves. */
  readonly baseUrl?: string;
  /** Gives the bearer token; asked before every request, so that it may be renewed. */
  readonly getToken: () => string | Promise<string>;
  /** Called when the gateway does not take the token any more. */
  readonly onUnauthenticated?: () => void;
  /** The tab that is open; without it the component remembers by itself. */
  readonly tab?: Tab;
  readonly onTabChange?: (tab: Tab) => void;
  /** Follows the system where it is not said. */
  readonly colorScheme?: ColorScheme;
  /** Of the page's content security policy, for the style elements that are made here. */
  readonly styleNonce?: string;
  /** Shown above the tabs, inside the theme. */
  readonly header?: ReactNode;
}

const ICONS: Readonly<Record<Tab, IconName>> = {
  mailboxes: "Inbox",
  contacts: "Users",
  skipped: "Filter",
  duplicates: "ArrowMerge",
  groups: "UsersGroup",
};
const TABS = Object.keys(ICONS) as Tab[];
const noop = () => undefined;

export function GmailIntegrations(props: GmailIntegrationsProps) {
  const { baseUrl = "", getToken, onUnauthenticated = noop } = props;
  const service = useMemo<Service>(
    () => ({
      client: createClient({ baseUrl, getToken }),
      origin: new URL(baseUrl || "/", location.href).origin,
      onUnauthenticated,
    }),
    [baseUrl, getToken, onUnauthenticated],
  );
  const [queries] = useState(() => newQueryClient(onUnauthenticated));

  return (
    <Themed colorScheme={props.colorScheme} styleNonce={props.styleNonce}>
      <QueryClientProvider client={queries}>
        <ServiceContext value={service}>
          {props.header}
          <Notifications position="bottom-right" />
          <IntegrationTabs tab={props.tab} onTabChange={props.onTabChange} />
        </ServiceContext>
      </QueryClientProvider>
    </Themed>
  );
}

interface IntegrationTabsProps {
  readonly tab: Tab | undefined;
  readonly onTabChange: ((tab: Tab) => void) | undefined;
}

function IntegrationTabs({ tab, onTabChange }: IntegrationTabsProps) {
  const [own, setOwn] = useState<Tab>("mailboxes");
  const [group, setGroup] = useState<string | undefined>();
  const open = tab ?? own;
  const show = (next: Tab) => {
    setOwn(next);
    onTabChange?.(next);
  };

  return (
    <Tabs
      value={open}
      onChange={(next) => {
        if (next) show(next as Tab);
      }}
      keepMounted={false}
      className="tabs"
    >
      <Tabs.List aria-label={texts.tabs.label} className="tab-list">
        {TABS.map((name) => (
          <Tabs.Tab key={name} value={name} leftSection={<Icon name={ICONS[name]} size={16} />}>
            {texts.tabs[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="mailboxes">
        <MailboxesTab
          onShowContacts={() => {
            show("contacts");
          }}
        />
      </Tabs.Panel>
      <Tabs.Panel value="contacts">
        <ContactsTab
          key={group ?? ""}
          group={group}
          onShowMailboxes={() => {
            show("mailboxes");
          }}
        />
      </Tabs.Panel>
      <Tabs.Panel value="skipped">
        <SkippedTab />
      </Tabs.Panel>
      <Tabs.Panel value="duplicates">
        <DuplicatesTab />
      </Tabs.Panel>
      <Tabs.Panel value="groups">
        <GroupsTab
          onShowMembers={(id) => {
            setGroup(id);
            show("contacts");
          }}
        />
      </Tabs.Panel>
    </Tabs>
  );
}
