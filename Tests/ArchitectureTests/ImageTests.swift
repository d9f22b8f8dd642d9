import Foundation
import TestSupport
import Testing

/// deploy/Dockerfile agrees with the package and with the programs as they are linked. `make images` builds and runs it.
@Suite("Images")
struct ImageTests {
    static func text(of path: String) throws -> String {
        try #require(SourceTree.files.first { $0.path == path }, "\(path) is there").text
    }

    /// The folder of the executables: the one this test program stands in, unless the environment names another.
    static let binaries =
        ProcessInfo.processInfo.environment["CROSSDOCK_BINARIES"]
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path

    @Test("each program is built, and each service and the command line has an image that names it")
    func programsAreThere() throws {
        let manifest = try Self.text(of: "Package.swift")
        #expect(ImageRules.products(of: manifest).count >= 8)
        #expect(ImageRules.violations(dockerfile: try Self.text(of: "deploy/Dockerfile"), manifest: manifest) == [])
    }

    @Test(
        "a program forgotten in the Dockerfile is reported",
        arguments: [
            ("ENTRYPOINT [\"/usr/bin/netsuite-writer\"]", "netsuite-writer lacks ENTRYPOINT"),
            ("\"/usr/bin/inventory-poller\", \"health\"", "inventory-poller lacks CMD"),
            ("FROM run AS crossdock", "crossdock has no image"), ("USER 10001:10001", "images run as root"),
            (" netsuite-sandbox embedded-broker;", "embedded-broker is not built"),
        ])
    func forgottenProgramsAreReported(part: String, report: String) throws {
        let dockerfile = try Self.text(of: "deploy/Dockerfile")
        #expect(dockerfile.contains(part))
        let found = ImageRules.violations(
            dockerfile: dockerfile.replacingOccurrences(of: part, with: "ARG NOTHING"),
            manifest: try Self.text(of: "Package.swift"))
        #expect(found.contains { $0.hasPrefix(report) }, "\(found)")
    }

    @Test("each library that a program needs is in the images, and none of Foundation but its essentials")
    func librariesAreThere() throws {
        let stages = ImageRules.stages(of: try Self.text(of: "deploy/Dockerfile"))
        let packages = try #require(stages.first { $0.name == "run" }).packages
        #expect(packages.contains("librdkafka1") && packages.contains("ca-certificates"), "\(packages)")
        for product in ImageRules.products(of: try Self.text(of: "Package.swift")).sorted() {
            let listing = try ForeignProgram.run("/usr/bin/readelf", ["--dynamic", "\(Self.binaries)/\(product)"])
            let needed = ImageRules.neededLibraries(in: listing.output)
            #expect(needed.contains("libc.so.6"), "\(product): \(listing.output)")
            #expect(ImageRules.violations(needed: needed, packages: packages) == [], "\(product)")
        }
    }

    @Test("a library without its package, and Foundation itself, are reported")
    func lackingLibrariesAreReported() {
        #expect(
            ImageRules.violations(needed: ["libpq.so.5", "libcurl.so.4"], packages: ["libcurl4t64"])
                == ["libpq.so.5 needs the package libpq5"])
        for library in [
            "libFoundation.so", "lib_FoundationICU.so", "libFoundationInternationalization.so", "libxml2.so.2",
        ] {
            #expect(
                ImageRules.violations(needed: [library], packages: []) == ["\(library) is no library of the images"])
        }
    }

    @Test("the root in which the tests run with Debian's compiler has every package of the images' build stage")
    func rootsAgree() throws {
        let stages = ImageRules.stages(of: try Self.text(of: "deploy/Dockerfile"))
        let packages = try #require(stages.first { $0.name == "build" }).packages
        #expect(packages.contains("swiftlang"), "\(packages)")
        let check = try Self.text(of: "deploy/scripts/check-trixie")
        let words = Set(check.split { $0.isWhitespace || $0 == "(" || $0 == ")" }.map(String.init))
        // The compiler brings what strips and links.
        #expect(packages.subtracting(words).subtracting(["binutils"]) == [])
    }

    @Test("what an image says of itself is read as meant, and root and checks by a shell are refused")
    func descriptionsAreRead() throws {
        let test = ForeignProgram.packageFolder.appendingPathComponent("deploy/images/test_container.py").path
        let ending = try ForeignProgram.run("/usr/bin/python3", [test])
        #expect(ending.status == 0 && ending.output.contains("Ran 5 tests"), "\(ending.output)")
    }
}
