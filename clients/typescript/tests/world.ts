/** Where the gateway of the tests is, and who its users are: tests/web/test_typescript_client.py says so. */

import { createClient } from "../src/client-mailboxes.js";

export interface World {
  readonly gateway: string;
  /** Each test file has a user of its own. */
  readonly tokens: readonly string[];
  readonly mailbox: {
    readonly host: string;
    readonly port: number;
    readonly tls: boolean;
    readonly user: string;
    readonly password: string;
  };
}

const told = process.env.MAILBOXES_TEST_WORLD;
if (told === undefined) throw new Error("Run tests/web/test_typescript_client.py, which starts the service.");
export const world = JSON.parse(told) as World;

export function clientOf(user: number) {
  return createClient({ baseUrl: world.gateway, getToken: () => world.tokens[user] ?? "" });
}
