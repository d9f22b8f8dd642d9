import Foundation
import TestSupport
import Testing

@testable import OrderMapping

@Suite("Mapping file")
struct MappingFileTests {
    /// A file that is right except for what a test adds to a section.
    static func file(
        top: String = "", customer: String = "", order: String = "", lines: String = "", tables: String = ""
    ) -> String {
        """
        version: 1
        \(top)
        customer:
          companyName: { from: account.name, cut: true }
          \(customer)
        order:
          tranDate: { from: effectiveDate }
          currency: { from: currency, table: currencies }
          \(order)
        lines:
          \(lines)
        tables:
          currencies: { USD: 1, EUR: 4 }
          \(tables)
        """
    }

    static func problems(_ text: String) -> [MappingFileError.Problem] {
        do throws(MappingFileError) {
            _ = try OrderMapping.parse(Array(text.utf8), name: "mapping.yaml")
            return []
        } catch {
            return error.problems
        }
    }

    @Test("the file that is shipped is right")
    func shipped() throws {
        let mapping = try OrderMapping.load(
            path: ForeignProgram.packageFolder.appendingPathComponent("deploy/mapping.yaml").path)
        #expect(mapping.customFieldsRead.order == ["Payment_Terms__c", "Shipping_Method__c"])
        #expect(mapping.customFieldsRead.account == [] && mapping.customFieldsRead.line == [])
        #expect(mapping.fieldsWritten.order.contains("shippingAddress"))
    }

    @Test("the test's own basic file is right")
    func basic() {
        #expect(Self.problems(Self.file()) == [])
    }

    @Test(
        "a wrong line of an order's fields is refused with its line and what would be right",
        arguments: [
            ("termz: { constant: 2 }", "no field \"termz\"", "did you mean \"terms\"?"),
            ("memo: { frm: poNumber }", "unknown key \"frm\"", "did you mean \"from\"?"),
            ("memo: { from: poNumbr }", "the snapshot has no \"poNumbr\"", "did you mean \"poNumber\"?"),
            ("memo: { from: custom.bad-name }", "the snapshot has no", "custom.Name__c"),
            ("memo: { from: line.sku }", "is a line's", "move the field under \"lines:\""),
            ("memo: plain", "memo holds a single value", "{ from: … }"),
            ("memo: { }", "memo has no source", "give one of from, constant or text"),
            ("memo: { from: poNumber, constant: x }", "memo has two sources", "give one"),
            ("memo: { text: \"Order {orderNumber\" }", "is not closed", "{orderNumber}"),
            ("memo: { text: \"Order {ordernumbr}\" }", "the snapshot has no", "did you mean \"orderNumber\"?"),
            ("memo: { from: poNumber, cut: yes }", "\"cut\" is true or false", "cut: true"),
            ("memo: { constant: }", "a constant is a single value", "leave the line out"),
            ("memo: { from: poNumber, as: date }", "\"as\" is for custom fields", "leave it out"),
            ("terms: { from: custom.Terms__c, table: trms }", "there is no table \"trms\"", "currencies"),
            ("terms: { from: poNumber }", "terms is a reference", "add \"table: …\""),
            ("terms: { constant: Net 30 }", "\"Net 30\" does not fit terms", "internal id"),
            ("terms: { from: custom.T__c, default: soon }", "\"soon\" does not fit terms", "internal id"),
            ("terms: { from: custom.T__c, otherwise: 2 }", "there is no table", "add \"table: …\""),
            ("terms: { constant: 2, table: currencies }", "only what comes \"from\"", "leave \"table\" out"),
            ("orderStatus: { constant: C }", "\"C\" does not fit orderStatus", "one of A, B"),
            ("shipDate: { from: poNumber }", "shipDate is a date", "choose another path"),
            ("shipDate: { constant: 2025-02-30 }", "does not fit shipDate", "YYYY-MM-DD"),
            ("shipDate: { text: \"{poDate}\" }", "takes no text", "use from"),
            ("shippingCost: { from: poDate }", "shippingCost is a number", "choose another path"),
            ("entity: { constant: 7 }", "order.entity cannot be mapped", "leave the line out"),
            ("custbody_crossdock_version: { constant: 7 }", "cannot be mapped", "leave the line out"),
            ("custcol_colour: { constant: red }", "no field \"custcol_colour\"", "belong under \"lines:\""),
            ("CUSTBODY_colour: { constant: red }", "no field \"CUSTBODY_colour\"", "custbody"),
            ("custbody_a: { constant: red, as: colour }", "this is no type", "boolean, date, number"),
            ("custbody_a: { constant: x, maximumLength: 0 }", "maximumLength is no whole number", "such as 45"),
            ("location: { constant: 1, maximumLength: 5 }", "only texts have a length", "leave it out"),
            ("shippingAddress: { address: home }", "no address of the snapshot", "account.billTo"),
            ("shippingAddress: { from: shipTo.city }", "unknown key \"from\"", "address"),
            ("shippingAddress: { address: shipTo, countries: x }", "there is no table \"x\"", "currencies"),
            ("shippingAddress: { address: shipTo, countries: currencies }", "is no country code", "two capital"),
            ("shippingAddress: { address: shipTo, defaultCountry: Germany }", "no country code", "such as US"),
            ("tranDate: { from: poDate }", "a second time; the first is in line 7", ""),
        ])
    func wrongOrderLine(line: String, reason: String, mend: String) {
        let problems = Self.problems(Self.file(order: line))
        #expect(
            problems.contains {
                $0.line == 9 && $0.reason.contains(reason) && (mend.isEmpty || $0.mend.contains(mend))
            }, "\(problems)")
    }

    @Test(
        "what is missing or misplaced in the whole is refused",
        arguments: [
            ("", "the file holds nothing"), ("[a, b]", "the file holds a list"),
            ("version: 2", "this version of the file's format is not known"),
            ("customer: {}", "\"version\" is missing"), ("version: 1", "customer.companyName is missing"),
            ("version: 1", "order.tranDate is missing"), ("version: 1", "order.currency is missing"),
            ("version: 1\nordr: {}", "unknown section \"ordr\""), ("version: 1\norder: [a]", "order holds a list"),
            ("version: 1\ntables: x", "tables holds a single value"),
            ("version: 1\ntables: { a: {} }", "table \"a\" has no entries"),
            ("version: 1\ntables: { a: { b: [1] } }", "has no single value"),
            ("version: 1\nsingleCurrency: dollars", "no currency code"), ("a: [", "did not find expected"),
        ])
    func wrongWhole(text: String, reason: String) {
        #expect(Self.problems(text).contains { $0.reason.contains(reason) }, "\(Self.problems(text))")
    }

    @Test("both a single currency and a currency field are refused")
    func twoCurrencies() {
        #expect(Self.problems(Self.file(top: "singleCurrency: USD")).count == 1)
    }

    @Test("all that is wrong is said at once, in the file's order, in the compiler's form")
    func allAtOnce() throws {
        let text = Self.file(customer: "fx: { constant: 1 }", order: "termz: { constant: 2 }", lines: "quantity: {}")
        let error = try caught(MappingFileError.self) {
            try OrderMapping.parse(Array(text.utf8), name: "deploy/m.yaml")
        }
        #expect(error.problems.map(\.line) == [5, 9, 11])
        #expect(error.description.hasPrefix("deploy/m.yaml:5:3: "))
    }

    @Test("a file that is not there is named")
    func absentFile() throws {
        let error = try caught(MappingFileError.self) { try OrderMapping.load(path: "/nowhere/m.yaml") }
        #expect(error.description.contains("/nowhere/m.yaml: the file cannot be read (No such file"))
        let folder = try caught(MappingFileError.self) { try OrderMapping.load(path: "/") }
        #expect(folder.description.contains("is it a folder?"))
    }
}
