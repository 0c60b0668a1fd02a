/** The client of the gateway, for every component below the provider. */

import type { MailboxesClient } from "mailboxes-client";
import { createContext, useContext } from "react";

export interface Service {
  readonly client: MailboxesClient;
  /** The origin that the gateway's pages have, which is where an OAuth popup speaks from. */
  readonly origin: string;
  /** Called when the gateway does not take the token. */
  readonly onUnauthenticated: () => void;
}

export const ServiceContext = createContext<Service | undefined>(undefined);

export function useService(): Service {
  const service = useContext(ServiceContext);
  if (!service) throw new Error("useService needs a ServiceContext around it.");
  return service;
}

export function useClient(): MailboxesClient {
  return useService().client;
}
