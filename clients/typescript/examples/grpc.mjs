// The gRPC service from Node, without the gateway: list, save, test, watch a harvest, list contacts.
//
//   npm install @grpc/grpc-js @grpc/proto-loader
//   TOKEN=… IMAP_HOST=imap.example.org IMAP_USER=ann@example.org IMAP_PASSWORD=… node grpc.mjs 127.0.0.1:50051
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { load } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const [address = "127.0.0.1:50051"] = process.argv.slice(2);
const { TOKEN = "", IMAP_HOST = "", IMAP_PORT = "993", IMAP_USER = "", IMAP_PASSWORD = "" } = process.env;

const definition = await load(
  ["mailbox_service", "harvest_service", "contact_service"].map((name) => `mailboxes/v1/${name}.proto`),
  {
    includeDirs: [process.env.PROTOS ?? fileURLToPath(new URL("../../../protos", import.meta.url))],
    longs: Number,
    enums: String,
    defaults: true,
  },
);
/** @type {any} */
const { mailboxes } = loadPackageDefinition(definition);

const metadata = new Metadata();
metadata.set("authorization", `Bearer ${TOKEN}`);
const plain = credentials.createInsecure(); // for this machine only; elsewhere createSsl()
const services = mailboxes.v1;
const mailboxService = new services.MailboxService(address, plain);
const harvestService = new services.HarvestService(address, plain);
const contactService = new services.ContactService(address, plain);

/** Call a method that has one answer. */
const call = (/** @type {any} */ service, /** @type {string} */ method, /** @type {object} */ request) =>
  promisify(service[method].bind(service))(request, metadata, { deadline: Date.now() + 60_000 });

const { mailbox } = await call(mailboxService, "Save", {
  label: "From Node",
  host: IMAP_HOST,
  port: Number(IMAP_PORT),
  tls: true,
  user: IMAP_USER,
  password: IMAP_PASSWORD,
});
console.log("saved", mailbox.label, mailbox.id);

const result = await call(mailboxService, "Test", { id: mailbox.id });
console.log(result.ok ? "works" : `${result.error} ${result.remedy?.text ?? ""} ${result.remedy?.url ?? ""}`);

if (result.ok) {
  const { harvest } = await call(harvestService, "StartHarvest", { mailboxId: mailbox.id });
  for await (const { harvest: now } of harvestService.WatchHarvest({ id: harvest.id }, metadata)) {
    console.log(now.state, `${now.progress?.scanned ?? 0} of ${now.progress?.total ?? 0}`);
  }
  const { contacts, totalSize } = await call(contactService, "ListContacts", { pageSize: 3 });
  console.log(totalSize, "contacts");
  for (const contact of contacts)
    console.log(`${contact.displayName} <${contact.address}>: ${contact.reason.text}`);
}
await call(mailboxService, "Delete", { id: mailbox.id });
