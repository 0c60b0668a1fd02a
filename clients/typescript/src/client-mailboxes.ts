/**
 * Client of mailbox-svc's REST gateway. Paths, parameters and objects are those of its OpenAPI description,
 * from which `openapi.ts` is generated; a failure is an error of `errors.ts`.
 */

import createFetchClient from "openapi-fetch";

import { errorOf, noAnswer } from "./errors.js";
import type { components, operations, paths } from "./openapi.js";
import { watch } from "./watch.js";

export * from "./errors.js";
export type { components, operations, paths } from "./openapi.js";

type Schemas = components["schemas"];
export type Mailbox = Schemas["Mailbox"];
export type MailboxBody = Schemas["MailboxBody"];
export type DraftBody = Schemas["DraftBody"];
export type TestFailed = Schemas["TestFailed"];
export type TestResult = Schemas["TestPassed"] | TestFailed;
export type Suggestion = Schemas["Suggestion"];
export type Remedy = Schemas["Remedy"];
export type Harvest = Schemas["Harvest"];
export type Failure = Schemas["Failure"];
export type Policy = Harvest["policy"];
export type Schedule = Schemas["Schedule"];
export type ScheduleBody = Schemas["ScheduleBody"];
export type SyncRun = Schemas["SyncRun"];
export type Contact = Schemas["Contact"];
export type ContactBody = Schemas["ContactBody"];
export type ContactPage = Schemas["ContactPage"];
export type SkippedPage = Schemas["SkippedPage"];
export type Duplicate = Schemas["Duplicate"];
export type DuplicatePage = Schemas["DuplicatePage"];
export type Merged = Schemas["Merged"];
export type Group = Schemas["Group"];
export type ImportBody = Schemas["ImportBody"];
export type ImportResult = Schemas["ImportResult"];
export type Provider = Schemas["Provider"];

type Query<Operation extends keyof operations> = NonNullable<operations[Operation]["parameters"]["query"]>;
/** Which contacts, in which order, and which page of them. */
export type ContactQuery = Query<"listContacts">;
export type SkippedQuery = Query<"listSkipped">;
export type DuplicateQuery = Query<"listDuplicates">;
export type ExportQuery = Query<"exportContacts">;

/** A file that was downloaded. */
export interface Download {
  readonly name: string;
  readonly data: Blob;
}

export interface ClientOptions {
  /** Where the gateway is, without a path: `https://mail.example.org`. In a page of the gateway's own: "". */
  readonly baseUrl: string;
  /** Gives the bearer token; asked before every request, so that it may be renewed. */
  readonly getToken: () => string | Promise<string>;
  /** In place of the global one, for tests and proxies. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export type MailboxesClient = ReturnType<typeof createClient>;

/** Make a client. Its functions need no `this`: `const { listMailboxes } = createClient(…)`. */
export function createClient({
  baseUrl,
  getToken,
  fetch = (request) => globalThis.fetch(request),
}: ClientOptions) {
  const http = createFetchClient<paths>({
    baseUrl,
    // The cookie of a connection attempt must be kept, also where the gateway has an origin of its own.
    credentials: "include",
    querySerializer: { array: { style: "form", explode: true } },
    fetch: async (request) => {
      request.headers.set("authorization", `Bearer ${await getToken()}`);
      return fetch(request).catch((cause: unknown) => {
        if (request.signal.aborted) throw cause;
        throw noAnswer(cause);
      });
    },
  });

  return {
    /** List all mailboxes, oldest first. */
    listMailboxes: (signal?: AbortSignal) => got(http.GET("/api/contacts/mailboxes", aborted(signal))),

    /** Create a mailbox or, with an id, change one. Raises PasswordRequiredError when it goes elsewhere. */
    saveMailbox: (body: MailboxBody) => got(http.POST("/api/contacts/mailboxes", { body })),

    /** Remove a mailbox, its password and everything harvested from it. */
    deleteMailbox: (id: string) =>
      got(http.DELETE("/api/contacts/mailboxes/{id}", { params: { path: { id } } })),

    /** Log in to a saved mailbox once. A failed login is an answer, and no error. */
    testMailbox: (id: string, signal?: AbortSignal): Promise<TestResult> =>
      got(http.POST("/api/contacts/mailboxes/{id}/test", { params: { path: { id } }, ...aborted(signal) })),

    /** Log in once with what is not saved yet; nothing is stored. */
    testDraft: (body: DraftBody, signal?: AbortSignal): Promise<TestResult> =>
      got(http.POST("/api/contacts/mailboxes/test", { body, ...aborted(signal) })),

    /** Say how a mailbox of this address is most likely reached, to fill in a form. */
    suggestSettings: (address: string, signal?: AbortSignal) =>
      got(
        http.GET("/api/contacts/mailboxes/suggest", { params: { query: { address } }, ...aborted(signal) }),
      ),

    /** Begin to read new mail, or join the run that is under way; `policy` is kept for the mailbox. */
    startHarvest: (mailboxId: string, policy?: Schemas["HarvestBody"]["policy"]) =>
      got(
        http.POST("/api/contacts/mailboxes/{id}/harvests", {
          params: { path: { id: mailboxId } },
          body: { policy: policy ?? null },
        }),
      ),

    /** Return the latest harvest of a mailbox; null when there was none. */
    getLatestHarvest: (mailboxId: string, signal?: AbortSignal) =>
      got(
        http.GET("/api/contacts/mailboxes/{id}/harvests/latest", {
          params: { path: { id: mailboxId } },
          ...aborted(signal),
        }),
      ),

    getHarvest: (id: string) => got(http.GET("/api/contacts/harvests/{id}", { params: { path: { id } } })),

    /** Stop a harvest; what was read so far is kept. */
    cancelHarvest: (id: string) =>
      got(http.POST("/api/contacts/harvests/{id}/cancel", { params: { path: { id } } })),

    /**
     * Yield the harvest now, whenever it has moved on, and at its end. Survives cut connections; leaving the
     * loop, or aborting, never stops the harvest itself.
     */
    watchHarvest: (id: string, signal?: AbortSignal): AsyncGenerator<Harvest, void, void> =>
      watch<Harvest>(async (lastEventId, streamSignal) => {
        const { response } = await answered(
          http.GET("/api/contacts/harvests/{id}/events", {
            params: { path: { id }, header: lastEventId ? { "Last-Event-ID": lastEventId } : {} },
            parseAs: "stream",
            ...aborted(streamSignal),
          }),
        );
        return response;
      }, signal),

    /** List one schedule for each mailbox, in the order of the mailboxes. */
    listSchedules: (signal?: AbortSignal) => got(http.GET("/api/contacts/schedules", aborted(signal))),

    setSchedule: (mailboxId: string, body: ScheduleBody) =>
      got(http.PUT("/api/contacts/mailboxes/{id}/schedule", { params: { path: { id: mailboxId } }, body })),

    /** List what the schedule of a mailbox did, the latest first. */
    listSyncRuns: (mailboxId: string, signal?: AbortSignal) =>
      got(
        http.GET("/api/contacts/mailboxes/{id}/runs", {
          params: { path: { id: mailboxId } },
          ...aborted(signal),
        }),
      ),

    listContacts: (query: ContactQuery = {}, signal?: AbortSignal) =>
      got(http.GET("/api/contacts", { params: { query }, ...aborted(signal) })),

    getContact: (id: string) => got(http.GET("/api/contacts/{id}", { params: { path: { id } } })),

    /** Store what the user typed. With the etag that was read, raises ChangedError if it was changed since. */
    updateContact: (id: string, body: ContactBody, etag?: string) =>
      got(http.PATCH("/api/contacts/{id}", { params: { path: { id }, header: ifMatch(etag) }, body })),

    /** Remove a contact for good: no harvest brings it back. */
    deleteContact: (id: string) => got(http.DELETE("/api/contacts/{id}", { params: { path: { id } } })),

    /** List what was left out, each with the reason. */
    listSkipped: (query: SkippedQuery = {}, signal?: AbortSignal) =>
      got(http.GET("/api/contacts/skipped", { params: { query }, ...aborted(signal) })),

    listGroups: (signal?: AbortSignal) => got(http.GET("/api/contacts/groups", aborted(signal))),

    createGroup: (name: string) => got(http.POST("/api/contacts/groups", { body: { name } })),

    renameGroup: (id: string, name: string, etag?: string) =>
      got(
        http.PUT("/api/contacts/groups/{id}", {
          params: { path: { id }, header: ifMatch(etag) },
          body: { name },
        }),
      ),

    /** Remove a group; its members stay contacts. */
    deleteGroup: (id: string) => got(http.DELETE("/api/contacts/groups/{id}", { params: { path: { id } } })),

    /** Take contacts out of a group; they stay contacts. */
    removeMembers: (groupId: string, contactIds: string[]) =>
      got(
        http.POST("/api/contacts/groups/{id}/members/remove", {
          params: { path: { id: groupId } },
          body: { contactIds },
        }),
      ),

    /** Put contacts into a group, or with `dryRun` only count. Nothing is added twice. */
    importContacts: (body: ImportBody, signal?: AbortSignal) =>
      got(http.POST("/api/contacts/import", { body, ...aborted(signal) })),

    /** Download the contacts that match as one file. */
    exportContacts: async (query: ExportQuery): Promise<Download> => {
      const { response } = await answered(
        http.GET("/api/contacts/export", { params: { query }, parseAs: "stream" }),
      );
      const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
      return { name: name ?? "contacts", data: await response.blob() };
    },

    /** List pairs of contacts that may be one person, the surest first. */
    listDuplicates: (query: DuplicateQuery = {}, signal?: AbortSignal) =>
      got(http.GET("/api/contacts/duplicates", { params: { query }, ...aborted(signal) })),

    /** Remember that two contacts are not one person. */
    dismissDuplicate: (firstId: string, secondId: string) =>
      got(http.POST("/api/contacts/duplicates/dismiss", { body: { firstId, secondId } })),

    /** Make one contact of several; the first is kept. */
    mergeContacts: (ids: string[]) => got(http.POST("/api/contacts/merges", { body: { ids } })),

    /** Make the contacts of before the merge again. */
    undoMerge: (mergeId: string) =>
      got(http.POST("/api/contacts/merges/{id}/undo", { params: { path: { id: mergeId } } })),

    /** List the providers whose accounts can be connected without a password, those not configured too. */
    listProviders: (signal?: AbortSignal) => got(http.GET("/api/auth/providers", aborted(signal))),

    /** Begin to connect an account; send the user's browser to the `authorizationUrl`. */
    startAuthorization: (provider: string, body: Schemas["StartBody"] = {}) =>
      got(http.POST("/api/auth/{provider}/start", { params: { path: { provider } }, body })),

    /** Give the permission back to the provider; the mailbox and its contacts stay. */
    revokeAuthorization: (mailboxId: string) =>
      got(http.POST("/api/contacts/mailboxes/{id}/revoke", { params: { path: { id: mailboxId } } })),
  };
}

function aborted(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function ifMatch(etag: string | undefined): { "If-Match"?: string } {
  return etag === undefined ? {} : { "If-Match": `"${etag}"` };
}

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** Wait for the answer. Raises the error that it stands for. */
async function answered<Data>(call: Promise<Answer<Data>>): Promise<Answer<Data>> {
  const answer = await call;
  if (!answer.response.ok) throw errorOf(answer.response, answer.error);
  return answer;
}

/** Wait for the answer and return what it holds. */
async function got<Data>(call: Promise<Answer<Data>>): Promise<Exclude<Data, undefined>> {
  const { data } = await answered(call);
  return data as Exclude<Data, undefined>;
}
