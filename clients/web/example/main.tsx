// An application with a page of its own around the component. It is told where the gateway is by its address,
// and has its token from a log-in that is not shown here.
import "mailboxes-integrations/styles.css";

import { GmailIntegrations } from "mailboxes-integrations";
import { createRoot } from "react-dom/client";

const gateway = new URL(location.href).searchParams.get("gateway") ?? "";
const getToken = () => sessionStorage.getItem("token") ?? "";

const root = document.getElementById("root");
if (root)
  createRoot(root).render(<GmailIntegrations baseUrl={gateway} getToken={getToken} colorScheme="light" />);
