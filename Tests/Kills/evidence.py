"""What the checker looks at, read from both sandboxes, Kafka (kcat) and PostgreSQL (psql), as plain values."""

import glob
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from agreement import derived, order_differences, product_differences  # noqa: E402
from documents import order_documents, shown_progress  # noqa: E402

SUBMITTED = "salesforce.order.submitted.v1"
SETTLED = "netsuite.order.settled.v1"
PROGRESSED = "netsuite.order.progressed.v1"
COUNTED = "netsuite.inventory.counted.v1"


class ReadFailure(Exception):
    """A source of evidence did not answer."""


def kcat(bootstrap, *words, timeout=30):
    """Asks Kafka once."""
    return subprocess.run(
        ["kcat", "-b", bootstrap, "-q", *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)


class Ledger:
    """Asks the database; a statement's rows come as a list of objects."""

    def __init__(self, folder):
        programs = glob.glob("/usr/lib/postgresql/*/bin/psql")
        self.words = [
            max(programs), "-h", str(folder), "-U", "crossdock", "-d", "crossdock", "-XqAt", "-v", "ON_ERROR_STOP=1"]

    def rows(self, statement):
        text = f"set search_path = crossdock; select coalesce(json_agg(t), '[]') from ({statement}) t"
        done = subprocess.run([*self.words, "-c", text], capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise ReadFailure(f"psql: {done.stderr[-500:]}")
        return json.loads(done.stdout)


class Topic:
    """Follows a topic from its beginning into a file, so that what the broker lets go later is kept."""

    def __init__(self, stack, name):
        self.name = name
        self.messages = []
        self.file = stack.folder / f"{name}.jsonl"
        self.position = 0
        with open(self.file, "wb") as output:
            self.process = subprocess.Popen(
                ["kcat", "-b", stack.bootstrap, "-q", "-C", "-t", name, "-o", "beginning", "-u", "-J", "-X",
                 "fetch.wait.max.ms=50"], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)

    def read(self):
        """All messages so far."""
        with open(self.file, "rb") as lines:
            lines.seek(self.position)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self.position += len(line)
                self.messages.append(message(json.loads(line)))
        return self.messages

    def stop(self):
        self.process.kill()
        self.process.wait()


def message(read):
    headers = dict(zip(read["headers"][::2], read["headers"][1::2]))
    return {
        "partition": read["partition"], "offset": read["offset"], "key": read["key"], "payload": read["payload"],
        "id": headers["ce_id"], "ordering": int(headers["ce_ordering"])}


# Records of the sandboxes as the checker compares them: decimals exact, one shape for both sides.

def exact(value):
    return None if value is None else str(Decimal(str(value)).normalize())


def salesforce_order(order):
    return {
        "id": order["id"], "number": order["orderNumber"], "poNumber": order["fields"]["PoNumber"],
        "currency": order["currency"], "account": order["account"]["id"], "customer": order["account"]["netSuiteId"],
        "shown": {
            "id": order["netSuite"]["NetSuite_Order_Id__c"], "number": order["netSuite"]["NetSuite_Order_Number__c"],
            "state": order["netSuite"]["NetSuite_Status__c"], "message": order["netSuite"]["NetSuite_Message__c"]},
        "lines": [
            {"id": line["id"], "sku": line["sku"], "quantity": exact(line["quantity"]), "price": exact(line["unitPrice"]),
             "amount": exact(line["totalPrice"])} for line in order["lines"]]}


def netsuite_order(order, state):
    return {
        "id": order["id"], "number": order["tranId"], "externalId": order["externalId"],
        "poNumber": order.get("otherRefNum"),
        "version": order.get("custbody_crossdock_version"), "state": state,
        "currency": order["currency"], "customer": order["customer"]["id"],
        "lines": [
            {"id": line.get("custcol_crossdock_line_id"), "sku": line["item"], "quantity": exact(line["quantity"]),
             "price": exact(line["rate"]), "amount": exact(line["amount"]), "isClosed": line["isClosed"]}
            for line in order["lines"]]}


def way_back(orders, wanted, products, items):
    """What Salesforce shows otherwise than NetSuite's documents and stock say, in sentences."""
    for order in orders:
        if order["id"] in wanted:
            yield from (f"order {order['orderNumber']}: {problem}"
                        for problem in order_differences(shown_progress(order), wanted[order["id"]]))
    for sku, product in products.items():
        yield from (f"{sku}: {problem}" for problem in product_differences(product, items.get(sku)))


def gather(salesforce, netsuite, ledger, topics, samples, entered_by_hand):
    """Everything at once; the journal is complete, since it keeps more than a campaign's requests."""
    submitted, settled, progressed, counted = topics
    orders = salesforce.call("GET", "/orders?status=Activated")["orders"]
    found = [netsuite.call("GET", f"/orders/{order['id']}") for order in netsuite.call("GET", "/orders")["orders"]]
    wanted = {order["id"]: derived(order_documents(order)) for order in found}
    by_salesforce_id = {
        order["externalId"].removeprefix("SF-"): wanted[order["id"]] for order in found if order["externalId"]}
    return {
        "orders": [salesforce_order(order) for order in orders],
        "salesOrders": [netsuite_order(order, wanted[order["id"]].state) for order in found],
        "wayBack": list(way_back(orders, by_salesforce_id, salesforce.products(), netsuite.items())),
        "progressed": list(progressed.read()), "counted": list(counted.read()),
        "states": ledger.rows("select topic, key, as_of_ms, event_id from published_states"),
        "customers": [
            {"id": one["id"], "externalId": one["externalId"], "name": one["name"]}
            for one in netsuite.call("GET", "/customers")["customers"]],
        "journal": [
            {name: entry.get(name) for name in (
                "sequence", "method", "path", "applied", "externalId", "internalId", "version")}
            for entry in netsuite.call("GET", "/journal")["requests"]],
        "submitted": list(submitted.read()), "settled": list(settled.read()), "samples": samples,
        "enteredByHand": entered_by_hand,
        "letters": ledger.rows("select letter_id, order_id, version, class, sentence, state from dead_letters"),
        "held": ledger.rows("select order_id, version, sentence from held_orders"),
        "publications": ledger.rows("select order_id, version, event_id from publications"),
        "settlements": ledger.rows("select order_id, sequence, version, outcome, event_id from settlements")}
